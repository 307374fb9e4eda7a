/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FILES_H
#define FILES_H

#include "options.h"

/*
 * Read all files that @options names into @input; what is not named is not given.
 * False: one cannot be read or is larger than 1 MiB, which is said on stderr.
 */
bool files_read(const struct options *options, struct verify_input *input);
void files_free(struct verify_input *input);

/* Write the certificates of the table to the directory; those that are there. */
bool files_extract(struct verify_span table, const char *directory);

bool files_write_json(const struct verify_result *result, const char *name);

#endif
