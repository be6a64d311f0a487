# TU_DRIVER(NAME, VAR, PKG-CONFIG-SPEC, DEBIAN-PACKAGE, DESCRIPTION)
# Adds --without-NAME. A driver is built unless it is refused: a missing library
# is an error, never a program that quietly knows one database less.
AC_DEFUN([TU_DRIVER], [
  AC_ARG_WITH([$1],
    [AS_HELP_STRING([--without-$1], [leave out the $5])],
    [AS_CASE([$withval], [yes|no], [],
      [AC_MSG_ERROR([--with-$1 takes no value, see PKG_CONFIG_PATH])])],
    [with_$1=yes])
  AS_IF([test "x$with_$1" = xyes],
    [PKG_CHECK_MODULES([$2], [$3],
      [AC_DEFINE([WITH_$2], [1], [Define to 1 to build the $5.])
       AS_VAR_APPEND([tu_drivers], [" $1"])],
      [TU_MISSING([$3], [$4])])])
  AM_CONDITIONAL([WITH_$2], [test "x$with_$1" = xyes])
])
