# chinook.bash - differences planted in the Chinook sample; after helpers.bash and
# patching.bash. The test has loaded the sample into $LITE, $PG and $MY.

# columns_of FILE - col|TABLE|COLUMN|TYPE|NOTNULL|PK|REFERS TO, in table order.
columns_of()
{
	lite "$1" "SELECT 'col', m.name, c.name, c.type, c.\"notnull\", c.pk,
		coalesce(f.\"table\", '')
		FROM sqlite_schema m, pragma_table_info(m.name) c
		LEFT JOIN pragma_foreign_key_list(m.name) f ON f.\"from\" = c.name
		WHERE m.type = 'table' ORDER BY m.name, c.cid;"
}

# rows_in FILE - row|TABLE|KEY|VALUE..., values as literals; a key of two columns
# is "1 AND TrackId=2".
rows_in()
{
	columns_of "$1" | awk -F'|' '
	{ list[$2] = list[$2] ", quote(" $3 ")" }
	$6 == 1 { key[$2] = $3 }
	$6 == 2 { key[$2] = key[$2] " || \047 AND " $3 "=\047 || " $3 }
	END {
		for (t in list)
			print "SELECT \047row\047, \047" t "\047, " key[t] \
			    list[t] " FROM " t ";"
	}' | sort | lite "$1"
}

# plant FILE SEED [narrow] - SQL that edits 200 cells other than keys and deletes and
# inserts 50 rows, of all tables in turn, so that every reference still holds.
# A row is deleted with all that refer to it, if they are few. "narrow" is what
# the MariaDB script has room for: whole seconds, three bytes a character.
plant()
{
	{ columns_of "$1"; rows_in "$1"; } |
	    awk -F'|' -v seed="$2" -v narrow="${3:-}" '
	function random(n) { return int(rand() * n) }
	# Short enough for every column.
	function text(    s, n) {
		for (n = random(3); n > 0; n--)
			s = s piece[random(npieces)]
		gsub("\047", "&&", s)
		return "\047" s "\047"
	}
	# One that was there before and still is.
	function parent(t,    i) {
		do
			i = random(rows[t])
		while ((t, key[t, i]) in gone)
		return key[t, i]
	}
	function value(t, c,    type) {
		type = coltype[t, c]
		if (!notnull[t, c] && random(4) == 0)
			return "NULL"
		if (refers[t, c] != "")
			return parent(refers[t, c])
		if (type ~ /CHAR/)
			return text()
		if (type == "DATETIME")
			return sprintf("\047%04d-%02d-%02d %02d:%02d:%02d%s\047",
			    1600 + random(2000), 1 + random(12), 1 + random(28),
			    random(24), random(60), random(60),
			    narrow || random(3) ? "" : ".25")
		if (type ~ /NUMERIC/)
			return sprintf("%.2f", random(2000000) / 100 - 10000)
		return random(2000000000) - 1000000000
	}
	# Put the row and all that refer to it into set[]; 0 if too many.
	function closure(t, k, limit, set,    list, n, i, r) {
		set[list[0] = t SUBSEP k] = n = 1
		for (i = 0; i < n; i++)
			for (r = 0; r < nrefs[list[i]]; r++) {
				if (ref[list[i], r] in set || ref[list[i], r] in gone)
					continue
				if (n == limit)
					return 0
				set[list[n++] = ref[list[i], r]] = 1
			}
		return n
	}
	function delete_some(left,    t, k, n, set, row, part) {
		for (; left > 0; turn++) {
			t = tables[turn % ntables]
			k = key[t, random(rows[t])]
			split("", set)
			n = (t, k) in gone ? 0 : \
			    closure(t, k, left < 8 ? left : 8, set)
			if (n == 0)
				continue
			left -= n
			for (row in set) {
				gone[row] = 1
				split(row, part, SUBSEP)
				print "DELETE FROM " part[1] " WHERE " \
				    firstkey[part[1]] "=" part[2] ";"
			}
		}
	}
	function edit_some(left,    t, i, c, v) {
		for (; left > 0; turn++) {
			t = tables[turn % ntables]
			i = random(rows[t])
			c = random(ncols[t])
			v = value(t, c)
			if (iskey[t, c] || (t, key[t, i]) in gone ||
			    (t, i, c) in edited || v == old[t, i, c])
				continue
			edited[t, i, c] = 1
			print "UPDATE " t " SET " col[t, c] "=" v " WHERE " \
			    firstkey[t] "=" key[t, i] ";"
			left--
		}
	}
	function insert_some(left,    t, c, k, names, list, v) {
		for (; left > 0; left--) {
			t = tables[left % ntables]
			do {
				names = list = k = ""
				max[t] += 1 + random(9)
				for (c = 0; c < ncols[t]; c++) {
					v = value(t, c)
					if (iskey[t, c] && nkeys[t] == 1)
						v = max[t]
					if (iskey[t, c])
						k = k (k == "" ? "" : \
						    " AND " col[t, c] "=") v
					names = names (c ? ", " : "") col[t, c]
					list = list (c ? ", " : "") v
				}
			} while ((t, k) in known)
			known[t, k] = 1
			print "INSERT INTO " t " (" names ") VALUES (" list ");"
		}
	}
	$1 == "col" {
		if (!($2 in rows)) {
			rows[tables[ntables++] = $2] = 0
			ncols[$2] = 0
		}
		c = ncols[$2]++
		col[$2, c] = $3
		coltype[$2, c] = $4
		notnull[$2, c] = $5
		iskey[$2, c] = $6
		if ($6 == 1)
			firstkey[$2] = $3
		nkeys[$2] += $6 > 0
		refers[$2, c] = $7
	}
	$1 == "row" {
		i = rows[$2]++
		known[$2, key[$2, i] = $3] = 1
		if ($3 + 0 > max[$2])
			max[$2] = $3 + 0
		for (c = 0; c < ncols[$2]; c++) {
			old[$2, i, c] = $(4 + c)
			p = refers[$2, c]
			if (p != "" && $(4 + c) != "NULL")
				ref[p, $(4 + c), nrefs[p, $(4 + c)]++] = \
				    $2 SUBSEP $3
		}
	}
	END {
		srand(seed)
		npieces = split("a|zz|0| |é|ß|" \
		    (narrow ? "€" : "😀") "|\047|\"|\\|,|;|--|\n|\t|%|$$|" \
		    ":x|null|\\!", list, "|")
		for (i = 0; i < npieces; i++)
			piece[i] = list[i + 1]
		delete_some(50)
		edit_some(200)
		insert_some(50)
	}'
}

# snake - CamelCase as the PostgreSQL script spells it.
snake()
{
	sed -E 's/([a-z])([A-Z])/\1_\L\2/g; s/\b([A-Z])([a-z_]*)\b/\L\1\2/g'
}

# expected SOURCE TARGET NAMES - what csv has to say of two SQLite files, found by
# joining them; NAMES is cat or snake. Sorted.
expected()
{
	{
		echo "ATTACH '$1' AS s; ATTACH '$2' AS d;"
		columns_of "$1" | awk -F'|' -v snake="$3" '
		function spell(name) {
			if (snake != "snake")
				return name
			while (match(name, /[a-z][A-Z]/))
				name = substr(name, 1, RSTART) "_" \
				    tolower(substr(name, RSTART + 1, 1)) \
				    substr(name, RSTART + 2)
			return tolower(name)
		}
		# A text that looks like a formula.
		function guarded(x) {
			return "(CASE WHEN typeof(" x ") = \047text\047 AND " x \
			    " GLOB \047[=+@\047\047\047 || char(9, 13) || " \
			    "\047-]*\047 THEN \047\047\047\047 || " x \
			    " ELSE " x " END)"
		}
		function field(x) {
			x = guarded(x)
			return "CASE WHEN " x " IS NULL THEN \047\047 WHEN " x \
			    " = \047\047 OR " x " GLOB \047*[,\"\n\r]*\047 THEN " \
			    "\047\"\047 || replace(" x ", \047\"\047, \047\"\"\047)" \
			    " || \047\"\047 ELSE " x " END"
		}
		function query(op, t, c, old, new, from) {
			print "SELECT \047" spell(t) "," op ",\047 || " key[t] \
			    " || \047," spell(c) ",\047 || " old " || \047,\047 || " \
			    new " || char(13) FROM " from ";"
		}
		{
			col[++n] = $3
			tab[n] = $2
		}
		$6 == 1 { key[$2] = k1[$2] = $3; keys[$2] = $3 }
		$6 == 2 {
			key[$2] = "\047\"(\047 || " k1[$2] " || \047, \047 || " \
			    $3 " || \047)\"\047"
			keys[$2] = k1[$2] ", " $3
		}
		END {
			for (i = 1; i <= n; i++) {
				t = tab[i]
				c = col[i]
				using = " USING (" keys[t] ")"
				query("update", t, c, field("s." t "." c),
				    field("d." t "." c), "s." t " JOIN d." t using \
				    " WHERE s." t "." c " IS NOT d." t "." c)
				query("insert", t, c, field("s." t "." c),
				    "\047\047", "s." t " LEFT JOIN d." t using \
				    " WHERE d." t "." k1[t] " IS NULL")
				query("delete", t, c, "\047\047",
				    field("d." t "." c), "d." t " LEFT JOIN s." t using \
				    " WHERE s." t "." k1[t] " IS NULL")
			}
		}'
	} | lite :memory: | sort
}

# find_them [OPTION]... SOURCE TARGET - the lines of csv, sorted, in "found".
find_them()
{
	quiet_diff 1 -f csv -o csv "$@"
	tail -n +2 csv | sort >found
}

# prepare [pg] [my] - $lite and $pg or $my, more Chinooks with the same
# differences.
prepare()
{
	local seed=${TEST_SEED:-$((RANDOM * 32768 + RANDOM))} narrow='' kind
	echo "# seed $seed (TEST_SEED)" >&3
	[[ " $* " != *" my "* ]] || narrow=narrow
	plant "$LITE" "$seed" $narrow >planted
	is "$(cut -d' ' -f1 planted | grep -E '^(DELETE|INSERT|UPDATE)$' |
		sort | uniq -c | xargs)" "50 DELETE 50 INSERT 200 UPDATE"
	copy_db lite "$LITE"
	{
		echo 'PRAGMA foreign_keys = ON; BEGIN;'
		echo 'PRAGMA defer_foreign_keys = ON;'
		cat planted
		echo 'COMMIT;'
	} | lite "$lite"
	for kind; do
		"prepare_$kind"
	done
}

# In any order; SQLite has just checked where it ends.
prepare_pg()
{
	copy_db pg "$PG"
	{
		echo 'SET session_replication_role = replica; BEGIN;'
		snake <planted
		echo 'COMMIT;'
	} | pg "$pg"
}

prepare_my()
{
	copy_db my "$MY"
	{
		echo 'SET foreign_key_checks = 0, autocommit = 0;'
		echo "SET sql_mode = 'STRICT_ALL_TABLES,NO_BACKSLASH_ESCAPES';"
		cat planted
		echo 'COMMIT;'
	} | my "$my"
}

# Both ways: the target has been damaged, and it has not but the source has.
both_ways()
{
	local clean=$1 target=$2 damaged=$3 clean_target=$4 names=$5
	expected "$LITE" "$lite" $names >want
	find_them "$clean" "$target"
	same found want
	find_them --hash=md5 --leaf-rows=20 "$clean" "$target"
	same found want
	round_trip "$clean" "$target"
	expected "$lite" "$LITE" $names >want
	find_them "$damaged" "$clean_target"
	same found want
	round_trip "$damaged" "$clean_target"
}

