# lint.sh - what the lint tests share. Each is a TAP program that looks at the
# tree in $srcdir and is run by "make check" and "make lint".

cd "${srcdir:?}" || exit 99
n=0

# check DESCRIPTION OFFENDERS - passes if there are none.
check()
{
	n=$((n + 1))
	if [ -z "$2" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		echo "$2" | sed 's/^/# /'
	fi
}

done_checking()
{
	echo "1..$n"
	exit 0
}

skip_all()
{
	echo "1..0 # SKIP $1"
	exit 0
}
