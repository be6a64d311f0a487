# KIND TOOL VARIANT ROWS SECONDS KILOBYTES, with tabs between: a table in
# Markdown of each kind, with a column for each number of rows.

{
	if (!($1 in tools)) {
		kinds[++nkinds] = $1
		tools[$1] = 0
	}
	if (!(($1, $2, $3) in known)) {
		known[$1, $2, $3] = 1
		tool[$1, ++tools[$1]] = $2
		variant[$1, tools[$1]] = $3
	}
	if (!($4 in seen)) {
		seen[$4] = 1
		rows[++nrows] = $4
	}
	seconds[$1, $2, $3, $4] = $5
	megabytes[$1, $2, $3, $4] = $6 / 1024
}

function cell(k, t, v, n)
{
	if (!((k, t, v, n) in seconds))
		return "-"
	return sprintf("%.3f s, %d MB", seconds[k, t, v, n],
	    megabytes[k, t, v, n])
}

END {
	for (i = 1; i <= nkinds; i++) {
		k = kinds[i]
		head = "| " k ", rows |"
		line = "|---|"
		for (n = 1; n <= nrows; n++) {
			head = head " " rows[n] " |"
			line = line "---|"
		}
		print head "\n" line
		for (t = 1; t <= tools[k]; t++) {
			line = "| " tool[k, t] ", " variant[k, t] " |"
			for (n = 1; n <= nrows; n++)
				line = line " " cell(k, tool[k, t],
				    variant[k, t], rows[n]) " |"
			print line
		}
		print ""
	}
}
