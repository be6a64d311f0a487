#include <config.h>

#include "cmd/completion.h"

#include "cmd/cmd.h"

/* Calls print for each option of a command that has a help text. */
static void
each_option(const struct cmd *cmd, FILE *out,
    void (*print)(const struct cmd *cmd, const struct opt *o, FILE *out))
{
	struct opt_table table = { 0 };
	struct settings set;

	settings_init(&set);
	cmd->options(&table, &set);
	for (const struct opt *o = table.rows; o->kind != OPT_K_END; o++)
		if (o->kind != OPT_K_GROUP && !o->hidden)
			print(cmd, o, out);
}

static const char *
prefix(const struct opt *o)
{
	return o->kind == OPT_K_OFF ? "no-" : "";
}

static void
print_choices(const struct opt *o, FILE *out)
{
	for (int i = 0; o->choices[i] != NULL; i++)
		fprintf(out, "%s%s", i > 0 ? " " : "", o->choices[i]);
}

static void
print_names(FILE *out)
{
	for (size_t i = 0; cmd_all[i] != NULL; i++)
		fprintf(out, "%s%s", i > 0 ? " " : "", cmd_all[i]->name);
}

/* Inside single quotes, for zsh inside [] as well. */
static void
print_quoted(const char *s, FILE *out)
{
	for (; *s != '\0'; s++) {
		if (*s == '\'')
			fputs("'\\''", out);
		else if (*s == '[' || *s == ']' || *s == ':')
			fprintf(out, "\\%c", *s);
		else
			putc(*s, out);
	}
}

/* --- bash --- */

static void
bash_option(const struct cmd *cmd, const struct opt *o, FILE *out)
{
	(void)cmd;
	if (o->letter)
		fprintf(out, " -%c", o->letter);
	fprintf(
	    out, " --%s%s%s", prefix(o), o->name, opt_takes_arg(o) ? "=" : "");
}

static void
bash_choices(const struct cmd *cmd, const struct opt *o, FILE *out)
{
	if (o->kind != OPT_K_ENUM)
		return;
	fprintf(out, "\t%s:--%s", cmd->name, o->name);
	if (o->letter)
		fprintf(out, "|%s:-%c", cmd->name, o->letter);
	fputs(") words='", out);
	print_choices(o, out);
	fputs("' ;;\n", out);
}

static void
print_bash(FILE *out)
{
	fputs("_trueup()\n{\n"
	      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} words=\n"
	      "\tlocal option=${COMP_WORDS[COMP_CWORD-1]}\n"
	      "\tCOMPREPLY=()\n"
	      "\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n"
	      "\t\tCOMPREPLY=($(compgen -W '",
	    out);
	print_names(out);
	fputs(" --version' -- \"$cur\"))\n\t\treturn\n\tfi\n"
	      "\t# --format=x is three words here\n"
	      "\tif [ \"$cur\" = = ]; then\n\t\tcur=\n"
	      "\telif [ \"$option\" = = ]; then\n"
	      "\t\toption=${COMP_WORDS[COMP_CWORD-2]}\n\tfi\n"
	      "\tcase ${COMP_WORDS[1]}:$option in\n",
	    out);
	for (size_t i = 0; cmd_all[i] != NULL; i++)
		each_option(cmd_all[i], out, bash_choices);
	fputs("\tesac\n\tif [ -z \"$words\" ] && [[ $cur == -* ]]; then\n"
	      "\t\tcase ${COMP_WORDS[1]} in\n",
	    out);
	for (size_t i = 0; cmd_all[i] != NULL; i++) {
		fprintf(out, "\t\t%s) words='", cmd_all[i]->name);
		each_option(cmd_all[i], out, bash_option);
		fputs("' ;;\n", out);
	}
	fputs("\t\tesac\n\tfi\n"
	      "\tif [ -n \"$words\" ]; then\n"
	      "\t\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
	      "\t\t[[ ${COMPREPLY-} != *= ]] || compopt -o nospace\n"
	      "\telif [ \"${COMP_WORDS[1]}\" = help ]; then\n"
	      "\t\tCOMPREPLY=($(compgen -W '",
	    out);
	print_names(out);
	fputs("' -- \"$cur\"))\n\telse\n"
	      "\t\tcompopt -o filenames\n"
	      "\t\tCOMPREPLY=($(compgen -f -- \"$cur\"))\n\tfi\n}\n"
	      "complete -F _trueup trueup\n",
	    out);
}

/* --- zsh --- */

static void
zsh_option(const struct cmd *cmd, const struct opt *o, FILE *out)
{
	const char *repeat = o->kind == OPT_K_LIST || o->kind == OPT_K_WORDS ||
	                             o->kind == OPT_K_COUNT
	                         ? "*"
	                         : "";

	(void)cmd;
	fprintf(out, " \\\n\t\t\t'%s'", repeat);
	if (o->letter)
		fprintf(out, "{-%c,--%s%s%s}", o->letter, prefix(o), o->name,
		    opt_takes_arg(o) ? "=" : "");
	else
		fprintf(out, "--%s%s%s", prefix(o), o->name,
		    opt_takes_arg(o) ? "=" : "");
	fputs("'[", out);
	print_quoted(o->help, out);
	putc(']', out);
	if (o->kind == OPT_K_ENUM) {
		fputs(":value:(", out);
		print_choices(o, out);
		putc(')', out);
	} else if (opt_takes_arg(o)) {
		fputs(":value:_files", out);
	}
	putc('\'', out);
}

static void
print_zsh(FILE *out)
{
	fputs("#compdef trueup\n_trueup()\n{\n"
	      "\tlocal -a commands=(\n",
	    out);
	for (size_t i = 0; cmd_all[i] != NULL; i++) {
		fprintf(out, "\t\t'%s:", cmd_all[i]->name);
		print_quoted(cmd_all[i]->summary, out);
		fputs("'\n", out);
	}
	fputs("\t)\n\tif (( CURRENT == 2 )); then\n"
	      "\t\t_describe command commands\n\t\treturn\n\tfi\n"
	      "\tshift words\n\t(( CURRENT-- ))\n"
	      "\tcase $words[1] in\n",
	    out);
	for (size_t i = 0; cmd_all[i] != NULL; i++) {
		fprintf(out, "\t%s)\n\t\t_arguments -s", cmd_all[i]->name);
		each_option(cmd_all[i], out, zsh_option);
		fputs(" \\\n\t\t\t'*:operand:_files'\n\t\t;;\n", out);
	}
	fputs("\tesac\n}\n_trueup \"$@\"\n", out);
}

/* --- fish --- */

static void
fish_option(const struct cmd *cmd, const struct opt *o, FILE *out)
{
	fprintf(out,
	    "complete -c trueup -n '__fish_seen_subcommand_from %s' -l %s%s",
	    cmd->name, prefix(o), o->name);
	if (o->letter)
		fprintf(out, " -s %c", o->letter);
	if (o->kind == OPT_K_ENUM) {
		fputs(" -x -a '", out);
		print_choices(o, out);
		putc('\'', out);
	} else if (opt_takes_arg(o)) {
		fputs(" -r", out);
	}
	fputs(" -d '", out);
	for (const char *s = o->help; *s != '\0'; s++)
		fprintf(out, *s == '\'' ? "\\%c" : "%c", *s);
	fputs("'\n", out);
}

static void
print_fish(FILE *out)
{
	for (size_t i = 0; cmd_all[i] != NULL; i++) {
		fprintf(out,
		    "complete -c trueup -n __fish_use_subcommand -f -a %s "
		    "-d '%s'\n",
		    cmd_all[i]->name, cmd_all[i]->summary);
		each_option(cmd_all[i], out, fish_option);
	}
}

void
completion_print(enum shell shell, FILE *out)
{
	switch (shell) {
	case SHELL_BASH:
		print_bash(out);
		break;
	case SHELL_ZSH:
		print_zsh(out);
		break;
	case SHELL_FISH:
		print_fish(out);
		break;
	case SHELL_NONE:
		break;
	}
}
