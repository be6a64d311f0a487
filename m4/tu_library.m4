# What is missing is collected, so that one configure run names every package
# to install instead of one a run.

# TU_LIBRARY(VAR, PKG-CONFIG-SPEC, DEBIAN-PACKAGE)
# Sets VAR_CFLAGS and VAR_LIBS, or notes the package as missing.
AC_DEFUN([TU_LIBRARY], [
  PKG_CHECK_MODULES([$1], [$2], [], [TU_MISSING([$2], [$3])])
])

# TU_MISSING(WHAT, DEBIAN-PACKAGE)
AC_DEFUN([TU_MISSING], [
  AS_VAR_APPEND([tu_missing], ["
    $1 (Debian package $2)"])
  AS_VAR_APPEND([tu_packages], [" $2"])
])

# TU_REPORT_MISSING: stop if anything was missing.
AC_DEFUN([TU_REPORT_MISSING], [
  AS_IF([test -z "$PKG_CONFIG"],
    [AC_MSG_ERROR([pkg-config is missing, nothing can be found without it.
  On Debian:
    apt-get install pkg-config libsqlite3-dev libxxhash-dev libssl-dev libpq-dev unixodbc-dev])])
  AS_IF([test -n "$tu_missing"],
    [AC_MSG_ERROR([libraries are missing:$tu_missing
  On Debian:
    apt-get install$tu_packages
  A driver can be left out: --without-pq, --without-odbc.])])
])
