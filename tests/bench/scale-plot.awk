# KIND TOOL VARIANT ROWS SECONDS KILOBYTES, with tabs between: an SVG that needs
# nothing else. A column of panels for each kind; time against rows where
# nothing differs and where one row in a hundred does, and peak memory, all on
# logarithmic axes. The dotted line is cost in proportion to rows, through the
# last point of trueup. -v runs=N is how often was measured.

BEGIN {
	WIDTH = 270; HEIGHT = 190; LEFT = 62; RIGHT = 104; TOP = 84
	GAP = 62; nsubjects = 3
	heading[1] = "time, nothing differs"
	heading[2] = "time, 1 % differs"
	heading[3] = "peak memory of the client"
}

function log10(x)
{
	return log(x) / log(10)
}

function floor(x)
{
	return x < int(x) ? int(x) - 1 : int(x)
}

# A point of panel SUBJECT of a kind; memory is the most of all variants.
function note(kind, subject, tool, n, y)
{
	if (!((kind, subject, tool) in points)) {
		ntools[kind, subject]++
		tools[kind, subject, ntools[kind, subject]] = tool
	}
	if (!((kind, subject, tool, n) in at)) {
		at[kind, subject, tool, n] = y
		points[kind, subject, tool]++
	} else if (y > at[kind, subject, tool, n])
		at[kind, subject, tool, n] = y
	y = log10(at[kind, subject, tool, n])
	if (!(subject in low) || y < low[subject])
		low[subject] = y
	if (!(subject in high) || y > high[subject])
		high[subject] = y
}

$5 > 0 && $6 > 0 {
	if (!($1 in seen)) {
		seen[$1] = 1
		kinds[++nkinds] = $1
	}
	if (!($4 in rows_seen)) {
		rows_seen[$4] = 1
		rows[++nrows] = $4
	}
	note($1, $3 == "equal" ? 1 : 2, $2, $4, $5)
	note($1, 3, $2, $4, $6 * 1024)
}

function class(tool)
{
	if (tool == "trueup")
		return "own"
	if (tool ~ /^trueup/)
		return "way"
	return tool ~ /floor$/ ? "floor" : "peer"
}

function x_of(n)
{
	return left + WIDTH * (log10(n) - x_low) / (x_high - x_low)
}

function y_of(y)
{
	return top + HEIGHT * (1 - (y - y_low) / (y_high - y_low))
}

function text(x, y, class, anchor, what)
{
	printf "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\" text-anchor=\"%s\">" \
	    "%s</text>\n", x, y, class, anchor, what
}

function line(x1, y1, x2, y2, class)
{
	printf "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" " \
	    "class=\"%s\"/>\n", x1, y1, x2, y2, class
}

# 10^e of a unit, and of others a thousand times as large.
function power(e, units, n, u)
{
	split(units, u, ",")
	n = int(e / 3)
	return 10 ^ (e - 3 * n) " " u[n + 1]
}

function y_label(subject, e)
{
	if (subject == 3)
		return power(e, "B,kB,MB,GB,TB")
	return power(e + 6, "us,ms,s,ks")
}

function axes(subject, e)
{
	for (e = y_low; e <= y_high; e++) {
		line(left, y_of(e), left + WIDTH, y_of(e), "grid")
		text(left - 8, y_of(e) + 4, "tick", "end", y_label(subject, e))
	}
	# The logarithm of 1000 is a hair less than 3.
	for (e = floor(x_low + 0.999); e <= x_high + 1e-9; e++) {
		line(x_of(10 ^ e), top, x_of(10 ^ e), top + HEIGHT, "grid")
		text(x_of(10 ^ e), top + HEIGHT + 18, "tick", "middle",
		    power(e, ",k,M,G"))
	}
}

# Through the last point, as far as the panel goes.
function guide(kind, subject, n, y, x, first)
{
	n = rows[nrows]
	if (!((kind, subject, "trueup", n) in at))
		return
	y = log10(at[kind, subject, "trueup", n])
	first = log10(rows[1])
	x = y - (log10(n) - first)
	if (x < y_low) {
		first += y_low - x
		x = y_low
	}
	line(x_of(10 ^ first), y_of(x), x_of(n), y_of(y), "guide")
}

# The names stand at the ends of the lines, one below the other.
function names(nlabels, i, j, t)
{
	for (i = 2; i <= nlabels; i++)
		for (j = i; j > 1 && label_y[j] < label_y[j - 1]; j--) {
			t = label_y[j]; label_y[j] = label_y[j - 1]
			label_y[j - 1] = t
			t = label[j]; label[j] = label[j - 1]
			label[j - 1] = t
		}
	for (i = 2; i <= nlabels; i++)
		if (label_y[i] < label_y[i - 1] + 14)
			label_y[i] = label_y[i - 1] + 14
	for (i = 1; i <= nlabels; i++) {
		t = label[i]
		sub(/_rows$/, ", by rows", t)
		gsub(/_/, "-", t)
		text(left + WIDTH + 8, label_y[i] + 4,
		    "name " class(label[i]), "start", t)
	}
}

function panel(kind, subject, t, n, i, tool, path, x, y, dots)
{
	axes(subject)
	if (subject < 3)
		guide(kind, subject)
	for (t = 1; t <= ntools[kind, subject]; t++) {
		tool = tools[kind, subject, t]
		path = dots = ""
		for (i = 1; i <= nrows; i++) {
			n = rows[i]
			if (!((kind, subject, tool, n) in at))
				continue
			x = sprintf("%.1f", x_of(n))
			y = sprintf("%.1f",
			    y_of(log10(at[kind, subject, tool, n])))
			path = path (path == "" ? "M" : "L") x " " y
			dots = dots "<circle cx=\"" x "\" cy=\"" y \
			    "\" r=\"3\" class=\"dot " class(tool) "\"/>\n"
		}
		print "<path d=\"" path "\" class=\"line " class(tool) "\"/>"
		printf "%s", dots
		label[t] = tool
		label_y[t] = y + 0
	}
	names(ntools[kind, subject])
	line(left, top + HEIGHT, left + WIDTH, top + HEIGHT, "axis")
	text(left, top - 12, "what", "start", heading[subject])
}

function style()
{
	print "<style>"
	print "svg { --back: #fff; --ink: #1f2328; --dim: #59636e; " \
	    "--grid: #e3e6ea; --own: #0a5fd6; --way: #127a6d; " \
	    "--peer: #b8400b; --floor: #6e7781; }"
	print "@media (prefers-color-scheme: dark) { svg { --back: #0d1117; " \
	    "--ink: #e6edf3; --dim: #9aa4af; --grid: #2b323b; " \
	    "--own: #6cb0ff; --way: #4fd1c0; --peer: #ff9a5c; " \
	    "--floor: #949ea9; } }"
	print "text { font: 12px system-ui, sans-serif; fill: var(--ink); }"
	print ".back { fill: var(--back); }"
	print ".title { font-size: 18px; font-weight: 600; }"
	print ".kind { font-size: 15px; font-weight: 600; }"
	print ".tick, .note { fill: var(--dim); }"
	print ".grid { stroke: var(--grid); } .axis { stroke: var(--dim); }"
	print ".guide { stroke: var(--dim); stroke-dasharray: 1 4; " \
	    "stroke-linecap: round; stroke-width: 1.5; }"
	print ".line { fill: none; stroke-width: 2; }"
	print ".own { --c: var(--own); } .way { --c: var(--way); } " \
	    ".peer { --c: var(--peer); } .floor { --c: var(--floor); }"
	print ".line { stroke: var(--c); } .dot, .name { fill: var(--c); }"
	print ".line.floor { stroke-dasharray: 6 4; }"
	print ".line.own { stroke-width: 3; } .name.own { font-weight: 600; }"
	print "</style>"
}

END {
	if (nrows == 0 || nkinds == 0)
		exit 1
	x_low = log10(rows[1])
	x_high = log10(rows[nrows])
	if (x_high == x_low)
		x_high = x_low + 1
	width = nkinds * (LEFT + WIDTH + RIGHT) + 20
	height = TOP + nsubjects * (HEIGHT + GAP) + 30
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" " \
	    "width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\">\n", width,
	    height, width, height
	print "<title>Time and memory of comparing tables, by rows</title>"
	style()
	printf "<rect width=\"%d\" height=\"%d\" class=\"back\"/>\n", width,
	    height
	text(16, 30, "title", "start", "Comparing two tables, by their rows")
	for (k = 1; k <= nkinds; k++) {
		left = (k - 1) * (LEFT + WIDTH + RIGHT) + LEFT + 10
		text(left, 56, "kind", "start", kinds[k])
		for (s = 1; s <= nsubjects; s++) {
			if (!((kinds[k], s) in ntools))
				continue
			top = TOP + (s - 1) * (HEIGHT + GAP)
			y_low = floor(low[s])
			y_high = floor(high[s]) + 1
			panel(kinds[k], s)
		}
	}
	text(16, height - 16, "note", "start", "Medians of " runs \
	    " runs; the dashed line only reads both sides; the dotted one is " \
	    "cost in proportion to rows.")
	print "</svg>"
}
