#include <config.h>

#include <stdio.h>
#include <unistd.h>

#include "base/mapped.h"
#include "lib/tap.h"

#define SIZE 65536

static const volatile unsigned char *bytes;

static void
sum_up(void *arg)
{
	unsigned *sum = arg;

	for (size_t i = 0; i < SIZE; i++)
		*sum += bytes[i];
}

int
main(void)
{
	FILE *f = tmpfile();
	unsigned sum = 0;
	const void *p;

	if (f == NULL)
		return 1;
	for (int i = 0; i < SIZE; i++)
		putc(3, f);
	fflush(f);
	ok(mapped_open(fileno(f), SIZE + 1) == NULL, "a file that is shorter");
	p = mapped_open(fileno(f), SIZE);
	bytes = p;
	ok(p != NULL && mapped_try(sum_up, &sum) && sum == 3 * SIZE,
	    "all of it is read");
	mapped_forget((const char *)p + 5000, 9000);
	sum = 0;
	ok(mapped_try(sum_up, &sum) && sum == 3 * SIZE,
	    "what was forgotten is read again");
	for (int i = 0; i < 2; i++) {
		if (ftruncate(fileno(f), i == 0 ? SIZE / 2 : 0) != 0)
			return 1;
		ok(!mapped_try(sum_up, &sum),
		    "a file that is cut off meanwhile is found out");
	}
	mapped_close(p, SIZE);
	fclose(f);
	return tap_done();
}
