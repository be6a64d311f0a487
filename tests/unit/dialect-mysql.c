#include <config.h>

#include "lib/tap.h"

int
main(void)
{
	return tap_done();
}
