#include <config.h>

#include "db/sqlite-log.h"

#include <sqlite3.h>
#include <string.h>

#define INDEX_REGION 32768 /* bytes that the library maps at a time */
/* Page numbers of frames in a region, and where they begin in the first. */
#define INDEX_PAGES 4096
#define INDEX_FIRST 34
#define COPIED_AT (2 * SQLITE_LOG_INDEX)
#define LOG_VERSION 3007000
#define LOG_MAGIC 0x377f0682 /* or, with sums of big-endian words, one more */

static uint32_t
get_native(const unsigned char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static uint32_t
get_big(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

bool
sqlite_log_is_plain(sqlite3 *handle)
{
	char *name = NULL;
	bool is;

	sqlite3_file_control(handle, "main", SQLITE_FCNTL_VFSNAME, &name);
	is = name != NULL && strcmp(name, "unix") == 0;
	sqlite3_free(name);
	return is;
}

static bool
uses_log(sqlite3 *handle)
{
	sqlite3_stmt *stmt = NULL;
	bool uses =
	    sqlite3_prepare_v2(handle, "PRAGMA main.journal_mode", -1, &stmt,
		NULL) == SQLITE_OK &&
	    sqlite3_step(stmt) == SQLITE_ROW &&
	    strcmp((const char *)sqlite3_column_text(stmt, 0), "wal") == 0;

	sqlite3_finalize(stmt);
	return uses;
}

/* The library's own mapping of a region of the wal-index: a descriptor of ours
 * would cost it its locks. */
static sqlite3_file *
main_file(sqlite3 *handle)
{
	sqlite3_file *file = NULL;

	if (sqlite3_file_control(handle, "main", SQLITE_FCNTL_FILE_POINTER,
		&file) != SQLITE_OK ||
	    file == NULL || file->pMethods == NULL ||
	    file->pMethods->iVersion < 2)
		return NULL;
	return file;
}

static const volatile unsigned char *
map_index(sqlite3 *handle, uint32_t region)
{
	sqlite3_file *file = main_file(handle);
	void volatile *index = NULL;

	if (file == NULL || file->pMethods->xShmMap(file, (int)region,
				INDEX_REGION, 0, &index) != SQLITE_OK)
		return NULL;
	return index;
}

/* The library's own: what is read behind it is not older than what was read
 * before. */
static void
index_barrier(sqlite3 *handle)
{
	sqlite3_file *file = main_file(handle);

	if (file != NULL)
		file->pMethods->xShmBarrier(file);
}

/* Writers fill the second copy of the header first, so a torn one is seen. */
void
sqlite_log_look(sqlite3 *handle, struct sqlite_log_look *look)
{
	const volatile unsigned char *index = NULL;
	unsigned char other[SQLITE_LOG_INDEX];

	look->known = false;
	if (sqlite_log_is_plain(handle) && uses_log(handle))
		index = map_index(handle, 0);
	if (index == NULL)
		return;
	for (size_t i = 0; i < SQLITE_LOG_INDEX; i++)
		look->header[i] = index[i];
	index_barrier(handle);
	for (size_t i = 0; i < SQLITE_LOG_INDEX; i++)
		other[i] = index[SQLITE_LOG_INDEX + i];
	look->copied = __atomic_load_n(
	    (const volatile uint32_t *)(index + COPIED_AT), __ATOMIC_SEQ_CST);
	look->known = memcmp(look->header, other, sizeof(other)) == 0 &&
	              get_native(other) == LOG_VERSION && other[12] != 0;
}

struct sqlite_log
sqlite_log_between(
    const struct sqlite_log_look *before, const struct sqlite_log_look *behind)
{
	const unsigned char *h = before->header;
	struct sqlite_log log = { .state = SQLITE_LOG_UNKNOWN };

	if (!before->known || !behind->known ||
	    memcmp(h, behind->header, SQLITE_LOG_INDEX) != 0)
		return log;
	log.nframes = get_native(h + 16);
	log.npages = get_native(h + 20);
	log.sums[0] = get_native(h + 24);
	log.sums[1] = get_native(h + 28);
	memcpy(log.salt, h + 32, sizeof(log.salt));
	if (before->copied == log.nframes)
		log.state = SQLITE_LOG_COPIED;
	else if (behind->copied < log.nframes)
		log.state = SQLITE_LOG_NEEDED;
	return log;
}

const char *
sqlite_log_pages(sqlite3 *handle, const struct sqlite_log *log, uint32_t *pages)
{
	uint32_t i = 0;

	for (uint32_t region = 0; i < log->nframes; region++) {
		const volatile unsigned char *index = map_index(handle, region);
		uint32_t at = region == 0 ? INDEX_FIRST : 0;

		if (index == NULL)
			return "its write-ahead log has an index that cannot "
			       "be read";
		for (; at < INDEX_PAGES && i < log->nframes; at++)
			pages[i++] = ((const volatile uint32_t *)index)[at];
	}
	return NULL;
}

/* The frames were checked when somebody made the index of them; that this is
 * the log of which it speaks is for us to see. */
const char *
sqlite_log_read(const struct sqlite_log *log, const uint32_t *pages,
    struct sqlite_frames *frames)
{
	static const char *const other = "its write-ahead log is another one";
	const size_t step = SQLITE_FRAME_HEADER + (size_t)frames->size;
	const unsigned char *p = frames->data;

	if ((get_big(p) & ~1u) != LOG_MAGIC || get_big(p + 4) != LOG_VERSION ||
	    get_big(p + 8) != frames->size ||
	    memcmp(p + 16, log->salt, sizeof(log->salt)) != 0)
		return other;
	p += SQLITE_LOG_HEADER;
	for (uint32_t i = 1; i <= log->nframes; i++, p += step) {
		uint32_t pgno = get_big(p);

		if (pgno == 0 || pgno != pages[i - 1] ||
		    memcmp(p + 8, log->salt, sizeof(log->salt)) != 0)
			return other;
		/* Those behind the end were cut off by a later commit. */
		if (pgno <= log->npages)
			frames->of[pgno - 1] = i;
	}
	p -= step;
	if (get_big(p + 4) != log->npages || get_big(p + 16) != log->sums[0] ||
	    get_big(p + 20) != log->sums[1])
		return other;
	return NULL;
}
