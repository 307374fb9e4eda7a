/* SPDX-License-Identifier: Apache-2.0 */
#include "traces.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "progress.h"
#include "ticks.h"

#define MAX_PATH 4096U
#define FROM_PROGRAM "/../../../tests/traces"

static bool is_directory(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

const char *traces_default_directory(char *buffer, size_t size)
{
	ssize_t length = 0;
	char *slash = NULL;

	if (is_directory(PHALANX_TRACES)) {
		return PHALANX_TRACES;
	}
	if (size <= sizeof(FROM_PROGRAM)) {
		return NULL;
	}
	length = readlink("/proc/self/exe", buffer, size - sizeof(FROM_PROGRAM));
	if (length <= 0) {
		return NULL;
	}
	buffer[length] = '\0';
	slash = strrchr(buffer, '/');
	if (slash == NULL) {
		return NULL;
	}
	memcpy(slash, FROM_PROGRAM, sizeof(FROM_PROGRAM));
	return is_directory(buffer) ? buffer : NULL;
}

/* Length of the name without ".trace" or ".trace.xz"; 0 if it has neither. */
static size_t stem_length(const char *name)
{
	static const char *const endings[] = { ".trace", ".trace.xz" };
	const size_t length = strlen(name);

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		const size_t ending = strlen(endings[i]);

		if (length > ending && strcmp(name + length - ending, endings[i]) == 0) {
			return length - ending;
		}
	}
	return 0U;
}

static int is_trace(const struct dirent *entry)
{
	return stem_length(entry->d_name) > 0U;
}

static void replay(const char *directory, const char *name, struct trace_result *result)
{
	const struct replay_options options = { .err = stderr };
	const struct ticks_mark begin = ticks_mark();
	char path[MAX_PATH];
	struct ticks_mark end;

	(void)snprintf(result->name, sizeof(result->name), "%.*s", (int)stem_length(name), name);
	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	result->status = replay_trace_file(path, &options, &result->summary);
	end = ticks_mark();
	result->milliseconds = (double)(end.nanoseconds - begin.nanoseconds) / 1e6;
}

bool traces_run(const char *directory, struct traces *traces,
		void (*each)(const struct trace_result *result))
{
	struct dirent **names = NULL;
	const int count = scandir(directory, &names, is_trace, alphasort);

	*traces = (struct traces){ .nr = count > 0 ? (size_t)count : 0U };
	if (count <= 0) {
		(void)fprintf(stderr, "phalanx-run: no recordings in %s%s%s\n", directory,
			      count < 0 ? ": " : "", count < 0 ? strerror(errno) : "");
		free(names);
		return false;
	}
	traces->result = calloc((size_t)count, sizeof(traces->result[0]));
	for (int i = 0; i < count; i++) {
		if (traces->result != NULL) {
			progress_start("recording", (unsigned int)i + 1U, (unsigned int)count,
				       names[i]->d_name);
			replay(directory, names[i]->d_name, &traces->result[i]);
			progress_end();
			if (each != NULL) {
				each(&traces->result[i]);
			}
		}
		free(names[i]);
	}
	free(names);
	return traces->result != NULL;
}

void traces_free(struct traces *traces)
{
	free(traces->result);
	*traces = (struct traces){ .nr = 0U };
}
