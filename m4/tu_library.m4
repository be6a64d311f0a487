# What is missing is collected, so that one configure run names every package
# to install instead of one a run.

# TU_LIBRARY(VAR, PKG-CONFIG-SPEC, DEBIAN-PACKAGE)
# Sets VAR_CFLAGS and VAR_LIBS, or notes the package as missing.
AC_DEFUN([TU_LIBRARY], [
  PKG_CHECK_MODULES([$1], [$2], [], [TU_MISSING([$2], [$3])])
])

# TU_LIBRARY_BY_HEADER(VAR, HEADER, LIBRARY, FUNCTION, DEBIAN-PACKAGE)
# The same for a library that pkg-config does not know; only sets VAR_LIBS.
AC_DEFUN([TU_LIBRARY_BY_HEADER], [
  AC_CHECK_HEADER([$2],
    [AC_CHECK_LIB([$3], [$4], [AC_SUBST([$1_LIBS], [-l$3])],
      [TU_MISSING([lib$3], [$5])])],
    [TU_MISSING([lib$3], [$5])])
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
    apt-get install pkg-config libsqlite3-dev libxxhash-dev libssl-dev libunistring-dev libjansson-dev libinih-dev libpq-dev unixodbc-dev])])
  AS_IF([test -n "$tu_missing"],
    [AC_MSG_ERROR([libraries are missing:$tu_missing
  On Debian:
    apt-get install$tu_packages
  A driver can be left out: --without-pq, --without-odbc.])])
])
