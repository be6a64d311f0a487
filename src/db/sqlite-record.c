#include <config.h>

#include "db/sqlite-record.h"

#include <math.h>
#include <string.h>

#include "db/sqlite-page.h"

/* Bytes of the body that a serial type takes, from 12 on by a formula. */
static const unsigned char type_bytes[12] = { 0, 1, 2, 3, 4, 6, 8, 8 };

int64_t
sqlite_field_int(const unsigned char *p, size_t n)
{
	uint64_t v = n > 0 && (p[0] & 0x80) != 0 ? UINT64_MAX : 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | p[i];
	return (int64_t)v;
}

double
sqlite_field_real(const unsigned char *p)
{
	int64_t bits = sqlite_field_int(p, 8);
	double f;

	memcpy(&f, &bits, sizeof(f));
	return f;
}

const char *
sqlite_next_field(const unsigned char **head, const unsigned char *head_end,
    const unsigned char *body, const unsigned char *end, uint64_t *type,
    size_t *len)
{
	unsigned used = sqlite_varint(*head, head_end, type);
	uint64_t n;

	if (used == 0 || *type == 10 || *type == 11)
		return "a field of no type";
	n = *type >= 12 ? (*type - 12) / 2 : type_bytes[*type];
	if (n > (uint64_t)(end - body))
		return "a field that leaves its record";
	*head += used;
	*len = (size_t)n;
	return NULL;
}

static void
add_utf8(struct buf *out, uint32_t c)
{
	if (c < 0x80) {
		buf_addc(out, (char)c);
		return;
	}
	if (c < 0x800) {
		buf_addc(out, (char)(0xc0 | c >> 6));
	} else {
		if (c < 0x10000) {
			buf_addc(out, (char)(0xe0 | c >> 12));
		} else {
			buf_addc(out, (char)(0xf0 | (c >> 18 & 7)));
			buf_addc(out, (char)(0x80 | (c >> 12 & 0x3f)));
		}
		buf_addc(out, (char)(0x80 | (c >> 6 & 0x3f)));
	}
	buf_addc(out, (char)(0x80 | (c & 0x3f)));
}

/*
 * As SQLite does it, broken surrogates included: each is taken for the first
 * of two, whatever follows, unless it is the last (READ_UTF16LE in utf.c).
 */
static void
add_utf16(struct buf *out, const unsigned char *p, size_t len, bool big)
{
	const unsigned hi = big ? 0 : 1, lo = big ? 1 : 0;

	for (size_t i = 0; i + 1 < len; i += 2) {
		uint32_t c = (uint32_t)p[i + hi] << 8 | p[i + lo];

		if (c >= 0xd800 && c < 0xe000 && i + 3 < len) {
			i += 2;
			c = (((uint32_t)p[i + hi] << 8 | p[i + lo]) & 0x3ff) +
			    ((c & 0x3f) << 10) + (((c & 0x3c0) + 0x40) << 10);
		}
		add_utf8(out, c);
	}
}

static struct cell
read_bytes(const unsigned char *p, size_t len, bool is_text, int encoding,
    struct buf *text)
{
	size_t before = text->len;

	if (!is_text)
		return cell_bytes((const char *)p, len);
	if (encoding == 1)
		return cell_text((const char *)p, len);
	add_utf16(text, p, len, encoding == 3);
	return cell_text(text->data + before, text->len - before);
}

static struct cell
read_field(const unsigned char *p, uint64_t type, size_t len, int encoding,
    const struct sqlite_field *field, struct buf *text)
{
	struct cell c;

	if (type >= 12)
		return read_bytes(p, len, type % 2 == 1, encoding, text);
	if (type == 0)
		return cell_null();
	if (type == 7)
		return isnan(sqlite_field_real(p))
		           ? cell_null()
		           : cell_f64(sqlite_field_real(p));
	c = cell_int(type >= 8 ? (int64_t)type - 8 : sqlite_field_int(p, len));
	return field->real ? cell_f64((double)c.u.i) : c;
}

const char *
sqlite_record_cells(const struct sqlite_row *row, int encoding,
    const struct sqlite_field *fields, size_t n, struct buf *text,
    struct cell *cells, size_t *nfound)
{
	const unsigned char *const p = row->payload, *const end = p + row->size;
	const unsigned char *head, *body;
	uint64_t head_bytes, type;
	unsigned used;
	size_t i;

	if (row->size == 0)
		return "a record without a header";
	used = sqlite_varint(p, end, &head_bytes);
	if (used == 0 || head_bytes < used || head_bytes > row->size)
		return "a record without a header";
	/* Nothing moves while cells point into it: 2 bytes of UTF-16 are 3 of
	 * UTF-8 at most. */
	buf_reset(text);
	if (encoding != 1)
		buf_reserve(text, (size_t)row->size / 2 * 3 + 4);
	head = p + used;
	body = p + head_bytes;
	for (i = 0; i < n && head < p + head_bytes; i++) {
		size_t len;
		const char *why = sqlite_next_field(
		    &head, p + head_bytes, body, end, &type, &len);

		if (why != NULL)
			return why;
		cells[i] = fields[i].rowid ? cell_int(row->rowid)
		                           : read_field(body, type, len,
						 encoding, &fields[i], text);
		body += len;
	}
	if (head == p + head_bytes && body != end)
		return "a record longer than its fields";
	*nfound = i;
	return NULL;
}
