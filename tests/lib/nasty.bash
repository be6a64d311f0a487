# nasty.bash - values and names that try to get out of where they are shown:
# of HTML, CSV and JSON, of a terminal, of a line of a log.

# nasty_values - one a line, in hexadecimal.
nasty_values()
{
	local value
	for value in \
	    '</script><script>document.body.dataset.broken=1</script>' \
	    '<script>document.body.dataset.broken=2</script>' \
	    '<img src=x onerror="document.body.dataset.broken=3">' \
	    '"><svg onload=document.body.dataset.broken=4>' \
	    "' onmouseover='document.body.dataset.broken=5" \
	    '</td></table></style></title></textarea><b>' '<!--' '-->' ']]>' \
	    '&lt;i&gt; &amp; &#60;' 'a"b' "a'b" 'a\b' '\u{202e}' 'NULL' '' \
	    "=cmd|'/C calc'!A0" '+1' '-1' '@SUM(1)' $'\t=1' $'\r=1' "'=1" \
	    $'\e[2J' $'\e]52;c;Y2FsYw==\a' $'\xc2\x9b2J' $'a\xe2\x80\xaeb' \
	    $'\xe2\x81\xa6a\xe2\x81\xa9' $'\xe2\x80\xa8' $'\xf3\xa0\x81\x81' \
	    $'\b\x7f\x01' $'\xff\xfe' $'\xed\xa0\xbd\xed\xb8\x80' $'\xc0\x80' \
	    $'x\ntrueup: 1 table, 1 row: equal' $'x\r\ntrueup: equal'; do
		printf %s "$value" | od -An -v -tx1 | tr -d ' \n'
		echo
	done
	echo 610062 # NUL
	printf '%02000d\n' 0 | sed 's/00/3c78/g' # 1,000 times "<x"
}

# A table and a column that are called like this.
nasty_name=$'<script>document.body.dataset.broken=6</script>"\e[2J\'&\n=1'
