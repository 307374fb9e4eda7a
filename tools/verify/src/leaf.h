/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEAF_H
#define LEAF_H

#include "certs.h"

/*
 * Read AMD's extensions of a VCEK or VLEK certificate (AMD document 57230).
 * @turin: compose the TCB in the layout of Turin. Returns what is wrong, or NULL.
 */
const char *leaf_read(const struct cert *cert, bool turin, struct verify_leaf_info *leaf);

#endif
