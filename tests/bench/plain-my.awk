# plain-my.awk - the changes that "rows changes" prints as batched multi-row
# statements for the mariadb client, in one transaction.
function quoted(s)
{
	return "'" s "'" # no value has a quote in it
}

function row()
{
	sub(/\+00$/, "", $5)
	return "(" $2 "," $3 "," $4 "," quoted($5) "," quoted($6) "," $7 "," \
	    $8 "," quoted($9) "," quoted($10) ")"
}

function flush(op)
{
	if (n[op] == 0)
		return
	if (op == "d")
		print "DELETE FROM bench WHERE id IN (" values[op] ");"
	else
		print "INSERT INTO bench VALUES " values[op] \
		    (op == "u" ? update : "") ";"
	n[op] = 0
	values[op] = ""
}

BEGIN {
	FS = ","
	update = " ON DUPLICATE KEY UPDATE n = VALUES(n), amount = " \
	    "VALUES(amount), at = VALUES(at), note = VALUES(note), flag = " \
	    "VALUES(flag), score = VALUES(score), day = VALUES(day), uid = " \
	    "VALUES(uid)"
	print "SET time_zone = '+00:00'; BEGIN;"
}

{
	values[$1] = values[$1] (n[$1] > 0 ? "," : "") ($1 == "d" ? $2 : row())
	if (++n[$1] == 1000)
		flush($1)
}

END {
	flush("d")
	flush("u")
	flush("i")
	print "COMMIT;"
}
