#include <config.h>

#include "value/vtype.h"

const char *
ltype_name(enum ltype type)
{
	static const char *const names[] = {
		[LT_NONE] = "none",
		[LT_NUM] = "num",
		[LT_F8] = "float8",
		[LT_F4] = "float4",
		[LT_TEXT] = "text",
		[LT_CHAR] = "char",
		[LT_BYTES] = "bytes",
		[LT_DATE] = "date",
		[LT_TIME] = "time",
		[LT_TS] = "ts",
		[LT_TSTZ] = "tstz",
		[LT_INTERVAL] = "interval",
		[LT_UUID] = "uuid",
		[LT_BITS] = "bits",
		[LT_JSON] = "json",
		[LT_OTHER] = "other",
		[LT_ANY] = "any",
	};

	return names[type];
}
