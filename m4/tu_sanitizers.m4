# TU_SANITIZERS: --enable-sanitizers[=address,undefined]
# Set after every configure check so that no link test runs instrumented.
AC_DEFUN([TU_SANITIZERS], [
  AC_ARG_ENABLE([sanitizers],
    [AS_HELP_STRING([--enable-sanitizers@<:@=LIST@:>@],
      [build with sanitizers @<:@LIST=address,undefined@:>@])])
  AS_CASE(["$enable_sanitizers"],
    [''|no], [SAN_CFLAGS=],
    [AS_IF([test "$enable_sanitizers" = yes],
       [enable_sanitizers=address,undefined])
     SAN_CFLAGS="-fsanitize=$enable_sanitizers -fno-omit-frame-pointer -fno-sanitize-recover=all"])
  AC_SUBST([SAN_CFLAGS])
])
