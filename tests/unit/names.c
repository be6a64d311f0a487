#include <config.h>

#include "diff/names.h"
#include "lib/tap.h"

int
main(void)
{
	struct arena *arena = arena_new(1024);
	const struct table line = { .schema = "shop", .name = "InvoiceLine" };
	const struct table star = { .name = "odd*name" };
	const char *const *list;
	const char *rest;

	is_int(name_fold_cmp("InvoiceLine", "invoice_line"), 0, "folded");
	is_int(name_fold_cmp("_a_", "A"), 0, "underscores at the ends");
	ok(name_fold_cmp("ab", "a") != 0, "a prefix is not the name");
	ok(name_fold_cmp("a", "b") < 0, "an order");
	ok(name_match("invoice*", "InvoiceLine"), "patterns fold too");
	ok(name_match("[ab]x", "bx"), "a class");
	ok(!name_match("invoice", "InvoiceLine"), "no match inside");
	ok(name_match_table("shop.InvoiceLine", &line), "with its schema");
	ok(name_match_table("SHOP.*", &line), "all of a schema");
	ok(!name_match_table("other.InvoiceLine", &line), "another schema");
	ok(name_match_table("odd*name", &star), "a name with a star in it");

	ok(name_for_table("invoice_line.a:b", '.', &line, arena, &rest),
	    "an entry for a table");
	is_str(rest, "a:b", "what follows the table");
	ok(!name_for_table("track.a:b", '.', &line, arena, &rest),
	    "an entry for another");
	ok(name_for_table("a:b", '.', &line, arena, &rest), "an entry for all");

	list = list_split(arena, "a, b ,,c");
	is_int((long long)list_len(list), 3, "a list of three");
	is_str(list[1], "b", "blanks around a comma do not count");
	is_int((long long)list_len(NULL), 0, "no list is an empty list");
	arena_free(arena);
	return tap_done();
}
