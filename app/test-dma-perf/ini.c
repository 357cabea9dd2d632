/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Reads the lines of a configuration file: sections, keys, values, and where each of them stands,
 * which is what rte_cfgfile does not tell. The syntax is that of rte_cfgfile: [section], key=value,
 * and comments from a ';' to the end of the line.
 */

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

/* Bytes that are no text would do to a terminal whatever they stand for. */
static void
print_escaped(const char *text)
{
	for (; *text != '\0'; text++) {
		if (isascii((unsigned char)*text) && isprint((unsigned char)*text))
			fputc(*text, stderr);
		else
			fprintf(stderr, "\\x%02x", (unsigned char)*text);
	}
}

static void
report(struct perf_ini *ini, const struct perf_section *section, unsigned int line,
	const struct perf_entry *entry, const char *fmt, va_list ap)
{
	char *text;

	fprintf(stderr, "%s:", ini->path);
	if (line != 0)
		fprintf(stderr, "%u:", line);
	if (section != NULL) {
		fputs(" [", stderr);
		print_escaped(section->name);
		fputc(']', stderr);
	}
	if (entry != NULL) {
		fputc(' ', stderr);
		print_escaped(entry->key);
		fputc('=', stderr);
		print_escaped(entry->value);
		fputc(':', stderr);
	}
	fputc(' ', stderr);
	if (vasprintf(&text, fmt, ap) >= 0) {
		print_escaped(text);
		free(text);
	}
	fputc('\n', stderr);
}

void
perf_ini_error(struct perf_ini *ini, const struct perf_section *section, unsigned int line,
	const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report(ini, section, line, NULL, fmt, ap);
	va_end(ap);
	ini->nb_errors++;
}

void
perf_ini_bad(struct perf_ini *ini, const struct perf_section *section,
	const struct perf_entry *entry, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report(ini, section, entry->line, entry, fmt, ap);
	va_end(ap);
	ini->nb_errors++;
}

void
perf_ini_warn(struct perf_ini *ini, const struct perf_section *section,
	const struct perf_entry *entry, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report(ini, section, entry->line, entry, fmt, ap);
	va_end(ap);
}

char *
perf_trim(char *text)
{
	char *end;

	while (isspace((unsigned char)*text))
		text++;
	end = text + strlen(text);
	while (end > text && isspace((unsigned char)end[-1]))
		end--;
	*end = '\0';

	return text;
}

static int
add_section(struct perf_ini *ini, const char *name, unsigned int line)
{
	struct perf_section *s;

	s = realloc(ini->sections, (ini->nb_sections + 1) * sizeof(*s));
	if (s == NULL)
		return -ENOMEM;
	ini->sections = s;
	s += ini->nb_sections;
	*s = (struct perf_section){ .name = strdup(name), .line = line };
	if (s->name == NULL)
		return -ENOMEM;
	ini->nb_sections++;

	return 0;
}

static int
add_entry(struct perf_section *s, const char *key, const char *value, unsigned int line)
{
	struct perf_entry *e;

	e = realloc(s->entries, (s->nb_entries + 1) * sizeof(*e));
	if (e == NULL)
		return -ENOMEM;
	s->entries = e;
	e += s->nb_entries++;
	*e = (struct perf_entry){ .key = strdup(key), .value = strdup(value), .line = line };

	return e->key == NULL || e->value == NULL ? -ENOMEM : 0;
}

static int
read_section(struct perf_ini *ini, char *text, unsigned int line)
{
	const size_t len = strlen(text);

	if (text[len - 1] != ']') {
		perf_ini_error(ini, NULL, line, "'%s': a section's name ends with ']'", text);
		return 0;
	}
	text[len - 1] = '\0';

	return add_section(ini, perf_trim(text + 1), line);
}

static int
read_entry(struct perf_ini *ini, char *text, unsigned int line)
{
	char *value = strchr(text, '=');

	if (value == NULL || value == text) {
		perf_ini_error(ini, NULL, line,
			"'%s' is no line of a configuration; allowed: [section], key=value, ; comment",
			text);
		return 0;
	}
	*value++ = '\0';
	if (ini->nb_sections == 0) {
		perf_ini_error(ini, NULL, line, "'%s=%s' stands before the first section", text,
			value);
		return 0;
	}

	return add_entry(&ini->sections[ini->nb_sections - 1], perf_trim(text), perf_trim(value), line);
}

static int
read_line(struct perf_ini *ini, char *text, unsigned int line)
{
	char *comment = strchr(text, ';');

	if (comment != NULL)
		*comment = '\0';
	text = perf_trim(text);
	if (*text == '\0')
		return 0;

	return *text == '[' ? read_section(ini, text, line) : read_entry(ini, text, line);
}

/* Some editors mark a file as UTF-8 by its first bytes. */
static size_t
mark_len(const char *text)
{
	static const char mark[] = "\xef\xbb\xbf";

	return strncmp(text, mark, strlen(mark)) == 0 ? strlen(mark) : 0;
}

int
perf_ini_read(struct perf_ini *ini, const char *path)
{
	unsigned int line = 0;
	char *text = NULL;
	size_t size = 0;
	ssize_t len;
	int ret = 0;
	FILE *f;

	*ini = (struct perf_ini){ .path = path };
	f = fopen(path, "r");
	if (f == NULL)
		return -errno;
	errno = 0;
	while (ret == 0 && (len = getline(&text, &size, f)) >= 0) {
		line++;
		if (strlen(text) != (size_t)len)
			perf_ini_error(ini, NULL, line, "a byte 0 is in this line; allowed: text");
		else
			ret = read_line(ini, text + (line == 1 ? mark_len(text) : 0), line);
	}
	if (ret == 0 && ferror(f))
		ret = errno != 0 ? -errno : -EIO;
	free(text);
	fclose(f);

	return ret;
}

void
perf_ini_free(struct perf_ini *ini)
{
	unsigned int i, j;

	for (i = 0; i < ini->nb_sections; i++) {
		for (j = 0; j < ini->sections[i].nb_entries; j++) {
			free(ini->sections[i].entries[j].key);
			free(ini->sections[i].entries[j].value);
		}
		free(ini->sections[i].entries);
		free(ini->sections[i].name);
	}
	free(ini->sections);
}
