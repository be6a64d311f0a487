# shellcheck shell=bash
# The tools that are measured and what measures them, for tests/bench/run and
# tests/bench/scale, which begin with
#
#	TRUEUP, ROWS_PROGRAM, COPYFLOOR   programs of the build
#	TRUEUP_PG, TRUEUP_MARIADB         servers (tests/lib/with-servers)
#	here                              this directory
#
# and have an array of variants (make-table) and one of sides by variant, which
# make_sides fills. What they find out is in files of dir, and in one of
# TRUEUP_BENCH_OUT (the working directory) as lines of JSON.

: "${TRUEUP:?}" "${ROWS_PROGRAM:?}" "${COPYFLOOR:?}" "${TRUEUP_PG:?}" \
    "${TRUEUP_MARIADB:?}" "${here:?}"
runs=${TRUEUP_BENCH_RUNS:-5}
psql=${TRUEUP_PG_BIN:+$TRUEUP_PG_BIN/}psql

[ -x /usr/bin/time ] || {
	echo "run: /usr/bin/time is missing; apt-get install time" >&2
	exit 70
}
export LC_ALL=C
dir=$(mktemp -d "${TMPDIR:-/tmp}/trueup-bench.XXXXXX")
trap 'rm -rf "$dir"' EXIT
declare -A sides

# my_client URL [ARG]... - of mariadb://USER@HOST:PORT/DATABASE.
my_client()
{
	local user=${1#*://} rest=${1#*@}
	local host=${rest%%:*} port=${rest#*:} database=${rest##*/}
	shift
	mariadb --no-defaults -u"${user%%@*}" -h"$host" -P"${port%%/*}" \
	    ${database:+"$database"} "$@"
}

# --- the tools: NAME SOURCE TARGET ---------------------------------------------
# Each prints what it likes on stdout and exits 0 for "no difference found", 1
# for "different", 2 for trouble; a floor exits 0.

trueup()
{
	"$TRUEUP" diff -f stat "$1" "$2" bench
}

copyfloor()
{
	"$COPYFLOOR" "$1" "$2" bench
}

# scan URL - the rows of one side, as the brand's own client gets them.
scan()
{
	case $1 in
	mariadb://*) my_client "$1" --quick -e 'SELECT * FROM bench' ;;
	*) "$psql" -Xq "$1" -c 'COPY bench TO STDOUT (FORMAT binary)' ;;
	esac >/dev/null
}

scanfloor()
{
	local first
	scan "$1" &
	first=$!
	scan "$2" && wait $first
}

# The bytes of both files (and of a log), and nothing done with them.
catfloor()
{
	local log=$2-wal
	[ -e "$log" ] || log=
	cat "$1" "$2" ${log:+"$log"} >/dev/null
}

# What it takes without the reader of pages.
trueup_rows()
{
	"$TRUEUP" diff --hash=stream -f stat "$1" "$2" bench
}

# pt_dsn URL
pt_dsn()
{
	local user=${1#*://} rest=${1#*@}
	local host=${rest%%:*} port=${rest#*:}
	echo "u=${user%%@*},h=$host,P=${port%%/*},D=${rest##*/}"
}

# It exits 2 on differences, and asks the network for newer versions of itself.
pt_table_sync()
{
	local status=0
	pt-table-sync --no-version-check --print "$(pt_dsn "$1"),t=bench" \
	    "$(pt_dsn "$2"),t=bench" >"$dir/pt" || status=$?
	case $status in
	0) ;;
	2) return 1 ;;
	*) return 2 ;;
	esac
}

# Its URLs are its own, it exits 0 on differences, and it says how many.
pg_comparator()
{
	local cols=n,amount,at,note,flag,score,day,uid
	command pg_comparator "pgsql://${1#*://}/bench?id:$cols" \
	    "pgsql://${2#*://}/bench" >"$dir/comparator" || return 2
	! grep -qE '^(INSERT|UPDATE|DELETE) ' "$dir/comparator"
}

sqldiff()
{
	command sqldiff --primarykey --table bench "$1" "$2" >"$dir/sqldiff" ||
	    return 2
	[ ! -s "$dir/sqldiff" ]
}

# --- measuring -----------------------------------------------------------------

# trips TARGET - round trips that clients have made with a MariaDB, so far.
trips()
{
	[[ $1 = mariadb://* ]] || { echo 0; return; }
	my_client "$1" -N -B -e "SELECT sum(variable_value)
	    FROM information_schema.global_status WHERE variable_name IN
	    ('Questions', 'Com_stmt_prepare', 'Com_stmt_fetch')"
}

# measure NAME KIND VARIANT SOURCE TARGET - one run; a line "SECONDS KILOBYTES
# ROUND-TRIPS" is added to the file of this tool and variant. The shell that
# time(1) starts knows the functions above; the peak is that of its largest
# child.
measure()
{
	local name=$1 want=1 got=0 before
	# Who writes ("work") has nothing left to say.
	[[ $3 != equal && $3 != work && $name != *floor ]] || want=0
	before=$(trips "$5")
	/usr/bin/time -f %M -o "$dir/peak" -q bash -c 'start=$EPOCHREALTIME
		"$@" >/dev/null 2>"$dir/err"
		status=$?
		echo "$start $EPOCHREALTIME" >"$dir/clock"
		exit $status' bash "$name" "$4" "$5" || got=$?
	if [ "$got" -ne "$want" ]; then
		echo "run: $name, $3: exit status $got instead of $want" >&2
		cat "$dir/err" >&2
		exit 1
	fi
	# The question itself is one.
	echo "$(awk '{ printf "%.3f", $2 - $1 }' "$dir/clock")" \
	    "$(cat "$dir/peak")" $(($(trips "$5") - before - 1)) \
	    >>"$dir/$2.$name.$3"
}

# median FILE FIELD
median()
{
	cut -d' ' -f"$2" "$1" | sort -n | awk '
	{ v[NR] = $1 }
	END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

# peak FILE - the most kilobytes of its runs.
peak()
{
	cut -d' ' -f2 "$1" | sort -n | tail -n 1
}

# result_file NAME - where result() writes.
result_file()
{
	results=${TRUEUP_BENCH_OUT:-.}/$1
	: >"$results"
}

# result KIND TOOL ROWS VARIANT FILE - what measure() has put into FILE.
result()
{
	local trips
	trips=$(median "$5" 3)
	[ "$trips" != -1 ] || trips=null
	printf '{"kind":"%s","tool":"%s","rows":%d,"variant":"%s",' \
	    "$1" "$2" "$3" "$4"
	printf '"seconds":%s,"runs":%d,"peak_kilobytes":%d,"round_trips":%s}\n' \
	    "$(median "$5" 1)" "$(wc -l <"$5")" "$(peak "$5")" "$trips"
} >>"$results"

# --- what is compared ------------------------------------------------------------

has_comparator()
{
	local v
	type -P pg_comparator >/dev/null || return
	for v in base "${variants[@]}"; do
		"$psql" -Xq "${sides[$v]}" -c 'CREATE EXTENSION pgcmp' \
		    2>/dev/null || return
	done
}

# make_sides NAME... - databases with the tables; NAME is a function that makes
# an empty one for a variant and prints its URL. One name makes all; of two, the
# first makes the source.
make_sides()
{
	local v make=$1
	for v in base "${variants[@]}"; do
		sides[$v]=$("$make" "$v")
		"$here/make-table" "${sides[$v]}" "$v" "$rows"
		make=${2:-$1}
	done
}

drop_sides()
{
	local v name
	for v in "${!sides[@]}"; do
		name=${sides[$v]##*/}
		case ${sides[$v]} in
		mariadb://*)
			my_client "$TRUEUP_MARIADB" -e "DROP DATABASE $name" ;;
		postgresql://*)
			"$psql" -Xq "$TRUEUP_PG" -c "DROP DATABASE $name" ;;
		*)
			rm "${sides[$v]}" ;;
		esac
	done
}

new_pg()
{
	local name=bench_${1//-/_}
	"$psql" -Xq -v ON_ERROR_STOP=1 "$TRUEUP_PG" <<-END
	SET client_min_messages = error;
	DROP DATABASE IF EXISTS $name;
	CREATE DATABASE $name;
	END
	echo "${TRUEUP_PG%/*}/$name"
}

new_my()
{
	local name=bench_${1//-/_}
	my_client "$TRUEUP_MARIADB" \
	    -e "DROP DATABASE IF EXISTS $name; CREATE DATABASE $name"
	echo "${TRUEUP_MARIADB%/*}/$name"
}

new_lite()
{
	echo "$dir/$1.db"
}

lite_tools=(catfloor trueup trueup_rows)
! type -P sqldiff >/dev/null || lite_tools+=(sqldiff)

export -f trueup trueup_rows catfloor copyfloor pg_comparator sqldiff scan \
    scanfloor pt_dsn pt_table_sync my_client
export TRUEUP COPYFLOOR dir here psql
