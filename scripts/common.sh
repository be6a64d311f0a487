# common.sh - what quickstart and check share. Sourced with $me set; leaves the
# shell in the top directory of the sources.

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
top=$PWD
build_packages=(autoconf automake gcc make pkg-config libsqlite3-dev
	libxxhash-dev libssl-dev libunistring-dev libjansson-dev libinih-dev
	libpq-dev unixodbc-dev sqlite3)

say()
{
	printf '%s: %s\n' "$me" "$*"
}

die()
{
	say "$@" >&2
	exit 1
}

as_root()
{
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

# need_packages PACKAGE... - install those that are missing, after saying so.
need_packages()
{
	local package missing=()
	command -v dpkg-query >/dev/null ||
	    die "this is no Debian; install what these packages hold: $*"
	for package; do
		dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null |
		    grep -qx installed || missing+=("$package")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	say "installing with apt-get: ${missing[*]}"
	as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq ||
	    say "apt-get update failed, trying with the lists at hand"
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
	    --no-install-recommends "${missing[@]}" >/dev/null ||
	    die "apt-get install failed"
}

# A tree that was configured in place cannot be built anywhere else.
make_configure()
{
	[ ! -e config.status ] ||
	    die "the sources are configured in place; make distclean first"
	autoreconf -fi
}

# quietly LOG COMMAND [ARG]... - of a command that fails, show what matters of
# its log. It runs in a subshell, where "set -e" does nothing: join steps with
# "&&".
quietly()
{
	local log=$1 status=0
	shift
	("$@") >"$log" 2>&1 || status=$?
	if [ $status -ne 0 ]; then
		grep -aE '^(FAIL|ERROR|not ok)|: (fatal )?error: |Sanitizer: ' \
		    "$log" | head -n 40 >&2
		tail -n 15 "$log" >&2
	fi
	return $status
}
