# pg-samples.bash - a sample of every type that PostgreSQL has, for the tests of
# types and of versions.

# The types that the samples are of. Extensions live where no search path leads.
types_sql() {
	cat <<'END'
SET client_min_messages = error;
CREATE SCHEMA ext;
CREATE EXTENSION hstore SCHEMA ext;
CREATE EXTENSION citext SCHEMA ext;
CREATE EXTENSION ltree SCHEMA ext;
CREATE SCHEMA ty;
CREATE DOMAIN ty.word AS text NOT NULL CHECK (VALUE <> '');
CREATE DOMAIN ty.short_word AS ty.word CHECK (length(VALUE) < 10);
CREATE DOMAIN ty.amount AS numeric(10,2) CHECK (VALUE >= -1000);
CREATE DOMAIN ty.big_amount AS ty.amount;
CREATE TYPE ty.mood AS ENUM ('sad', 'ok', 'o''k', 'b|u', 'Ok', 'größer', ' ');
CREATE DOMAIN ty.good_mood AS ty.mood CHECK (VALUE <> 'sad');
CREATE DOMAIN ty.few AS int[] CHECK (cardinality(VALUE) < 9);
CREATE DOMAIN ty.span AS int4range;
CREATE DOMAIN ty.ci AS ext.citext;
CREATE DOMAIN ty.flag AS boolean;
CREATE DOMAIN ty.stamp AS timestamptz(3);
CREATE TYPE ty.pair AS (a text, b float8);
CREATE TYPE ty.row AS (p ty.pair, at timestamptz, bytes bytea, i interval,
 m ty.mood, w text[]);
CREATE DOMAIN ty.a_row AS ty.row;
CREATE TYPE ty.floats AS RANGE (subtype = float8);
CREATE TYPE ty.words AS RANGE (subtype = text, collation = "C");
CREATE TABLE ty.some_table(id int);
CREATE TABLE ty."Other Table"(id int);
CREATE FUNCTION ty.f(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION ty.f(text) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION ty.g(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
END
}

# samples - one line a pair of values that differ by the least:
# NAME TYPE KEY, then VALUE and its NEIGHBOUR, tabs between. KEY: pk where a
# primary key takes the type, - where nothing can index it.
samples() {
	sed 's/  *\t */\t/g' <<'END'
word	ty.word	pk	a	a 
word	ty.word	pk	é	é
short	ty.short_word	pk	abc	abC
amount	ty.big_amount	pk	0.10	0.11
amount	ty.big_amount	pk	-1000.00	-999.99
mood	ty.mood	pk	ok	Ok
mood	ty.mood	pk	o'k	b|u
mood	ty.mood	pk	größer	 
good	ty.good_mood	pk	ok	o'k
few	ty.few	pk	{1,2}	{1,3}
few	ty.few	pk	{}	{NULL}
span	ty.span	pk	[1,5)	[1,6)
span	ty.span	pk	empty	[5,6)
ci	ty.ci	pk	Straße	STRASSE
flag	ty.flag	pk	t	f
stamp	ty.stamp	pk	2024-02-29 23:59:59.999+00	2024-03-01 00:00:00+00
ints	int[]	pk	{1,NULL,3}	{1,3}
ints	int[]	pk	[2:3]={1,2}	{1,2}
ints	int[]	pk	{{1,2},{3,4}}	{1,2,3,4}
ints	int[]	pk	[0:1][-1:0]={{1,2},{3,4}}	{{1,2},{3,5}}
texts	text[]	pk	{a,"b c","d\"e","f\\g",NULL,"NULL",""}	{a,"b c","d\"e","f\\g",NULL,NULL,""}
texts	text[]	pk	{"a,b"}	{a,b}
texts	text[]	pk	{é,"'","{}"}	{é,"'","{ }"}
chars	char(3)[]	pk	{a}	{"a b"}
nums	numeric[]	pk	{1.50,NaN,Infinity}	{1.51,NaN,Infinity}
floats	float8[]	pk	{0.1,0.30000000000000004}	{0.1,0.3}
floats	float8[]	pk	{5e-324,1.7976931348623157e+308}	{5e-324,1.7976931348623155e+308}
reals	float4[]	pk	{0.1,16777216}	{0.1,1.6777218e+07}
stamps	timestamp[]	pk	{2024-01-02 03:04:05.000001,infinity}	{2024-01-02 03:04:05,infinity}
stamps	timestamp[]	pk	{"0044-03-15 00:00:00 BC"}	{"0044-03-15 00:00:00"}
zoned	timestamptz[]	pk	{2024-01-02 03:04:05+00,-infinity}	{2024-01-02 03:04:05.000001+00,-infinity}
dates	date[]	pk	{2024-01-02,infinity}	{2024-02-01,infinity}
spans	interval[]	pk	{1 day}	{24:00:00}
spans	interval[]	pk	{1 mon,00:00:00.000001}	{1 mon,00:00:00.000002}
blobs	bytea[]	pk	{"\\x00ff","\\x"}	{"\\x00fe","\\x"}
uuids	uuid[]	pk	{6f9619ff-8b86-d011-b42d-00cf4fc964ff}	{6f9619ff-8b86-d011-b42d-00cf4fc964fe}
objects	jsonb[]	pk	{"{\"a\": 1}"}	{"{\"a\": 1.0}"}
moods	ty.mood[]	pk	{ok,sad}	{Ok,sad}
pairs	ty.pair[]	pk	{"(a,1)","(,)",NULL}	{"(a,1)","(\"\",)",NULL}
r_int	int4range	pk	[1,10)	[1,11)
r_int	int4range	pk	(,5)	(,)
r_big	int8range	pk	[1,9223372036854775807)	[1,9223372036854775806)
r_num	numrange	pk	[1.0,1.50]	[1.0,1.50)
r_num	numrange	pk	[1,NaN]	[1,Infinity]
r_ts	tsrange	pk	["2024-01-01 00:00:00",infinity)	["2024-01-01 00:00:00",)
r_tz	tstzrange	pk	["2024-01-01 00:00:00+00","2024-01-02 00:00:00+00")	["2024-01-01 00:00:00+00","2024-01-02 00:00:00.000001+00")
r_date	daterange	pk	[2024-01-01,2024-02-29)	[2024-01-01,2024-03-01)
r_f8	ty.floats	pk	[0.1,0.30000000000000004]	[0.1,0.3]
r_text	ty.words	pk	[a,"b c"]	[a,"b C"]
m_int	int4multirange	pk	{[1,3),[5,7)}	{[1,3),[5,8)}
m_int	int4multirange	pk	{}	{(,)}
m_num	nummultirange	pk	{[1.0,2.0]}	{[1.0,2.0)}
pair	ty.pair	pk	(a,0.1)	(a,0.10000000000000002)
pair	ty.pair	pk	(,)	("",)
pair	ty.pair	pk	("a,b",1)	("a,B",1)
row	ty.row	pk	("(a,1)","2024-01-02 03:04:05+00","\\x00ff","1 day",ok,"{x,NULL}")	("(a,1)","2024-01-02 03:04:05+00","\\x00ff","24:00:00",ok,"{x,NULL}")
row	ty.row	pk	(,,,,,)	("(,)",,,,,)
a_row	ty.a_row	pk	("(a,1)",,,,,)	("(a,2)",,,,,)
store	ext.hstore	pk	"a"=>"1","b"=>NULL	"a"=>"1","b"=>"NULL"
store	ext.hstore	pk		"a"=>""
citext	ext.citext	pk	Abc	abc
citext	ext.citext	pk	é	É
tree	ext.ltree	pk	Top.Science	Top.science
xml	xml	-	<a b="1">x</a>	<a b="1">x </a>
xml	xml	-	<?xml version="1.0" encoding="UTF-8"?><é/>	<é/>
vector	tsvector	pk	'a':1A 'b':2	'a':1B 'b':2
vector	tsvector	pk	'it''s' 'x\\y'	'it''s' 'x\\Y'
query	tsquery	pk	a & !b | c	a & (!b | c)
query	tsquery	pk	a <2> b:*A	a <3> b:*A
inet	inet	pk	10.0.0.1	10.0.0.1/31
inet	inet	pk	::1	::1/127
cidr	cidr	pk	10.0.0.0/8	10.0.0.0/9
mac	macaddr	pk	08:00:2b:01:02:03	08:00:2b:01:02:04
mac8	macaddr8	pk	08:00:2b:01:02:03:04:05	08:00:2b:01:02:03:04:06
span2	interval	pk	1 day	24:00:00
span2	interval	pk	1 mon -1 day 00:00:00.000001	1 mon -1 day 00:00:00.000002
money	money	pk	92233720368547758.07	92233720368547758.06
money	money	pk	-0.01	0.01
bit	bit(5)	pk	10101	10100
bits	varbit	pk	101	1010
bits	varbit	pk		0
class	regclass	pk	ty.some_table	ty."Other Table"
class	regclass	pk	pg_class	pg_type
type	regtype	pk	ty.mood	ty.mood[]
type	regtype	pk	integer	bigint
proc	regproc	pk	ty.g	pg_catalog.now
proc2	regprocedure	pk	ty.f(integer)	ty.f(text)
oper	regoperator	pk	pg_catalog.+(integer,integer)	pg_catalog.+(bigint,bigint)
space	regnamespace	pk	ty	public
config	regconfig	pk	english	german
lsn	pg_lsn	pk	16/B374D848	16/B374D849
timetz	timetz	pk	10:00:00+02	08:00:00+00
timetz	timetz	pk	24:00:00+00	24:00:00-00:00:01
time	time	pk	24:00:00	00:00:00
time	time	pk	23:59:59.999999	23:59:59.999998
point	point	-	(0.1,0.30000000000000004)	(0.1,0.3)
line	line	-	{1,-1,0}	{1,-1,1e-300}
lseg	lseg	-	[(0,0),(1,1)]	[(0,0),(1,1.0000000000000002)]
box	box	-	(1,1),(0,0)	(1,1.0000000000000002),(0,0)
path	path	-	[(0,0),(1,1)]	((0,0),(1,1))
polygon	polygon	-	((0,0),(1,1),(2,0))	((0,0),(1,1),(2,1e-300))
circle	circle	-	<(0,0),1>	<(0,0),1.0000000000000002>
jpath	jsonpath	-	$."a"[*] ? (@ > 1)	$."a"[*] ? (@ >= 1)
xid8	xid8	pk	18446744073709551615	18446744073709551614
snap	pg_snapshot	-	10:20:10,14	10:20:10,15
char	"char"	pk	a	b
tid	tid	pk	(0,1)	(1,0)
END
}

# sample_sql WHICH - tables v_NAME with all values (WHICH: value) or their
# neighbours, and k_NAME with each as a key.
sample_sql() {
	samples | awk -F '\t' -v which="$1" -v nokeys="${2:-}" '
	function lit(s) { return "$v$" s "$v$::" $2 }
	{
		key = $3 == "pk" && nokeys == "" ? " PRIMARY KEY" : ""
		if (!seen[$1]++) {
			printf "CREATE TABLE v_%s(id serial PRIMARY KEY, v %s);\n",
			    $1, $2
			printf "CREATE TABLE k_%s(v %s%s, n int);\n", $1, $2, key
		}
		v = which == "value" ? $4 : $5
		printf "INSERT INTO v_%s(v) VALUES (%s);\n", $1, lit(v)
		printf "INSERT INTO k_%s VALUES (%s, %d);\n", $1, lit(v), NR
	}'
}

# names - of the samples.
names() {
	samples | cut -f1 | sort -u
}
