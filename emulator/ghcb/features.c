/* SPDX-License-Identifier: Apache-2.0 */
#include "ghcb_priv.h"

void ghcb_exit_features(struct vcpu *vcpu, struct ghcb_call *call)
{
	(void)vcpu;
	call->out_info2 = GHCB_OWN_FEATURES;
}
