/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* The life of a run, in order. dma_access.h tells the story. */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_eal.h>

#include "dma_access.h"

static void
on_signal(int signum __rte_unused)
{
	session_stop = 1;
}

/* From here on an interrupt ends what is under way in good order. */
static void
catch_signals(void)
{
	const struct sigaction stop = { .sa_handler = on_signal };
	const struct sigaction ignore = { .sa_handler = SIG_IGN };

	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGHUP, &stop, NULL);
	/* Who closes our output must not keep us from cleaning up. */
	sigaction(SIGPIPE, &ignore, NULL);
}

static int
create(struct session *s)
{
	struct invite inv = { .mailbox = s->mem.shared.iova };
	int ret;

	if (s->opt->have_token) {
		error("--token is for joining a group, and %s does not exist", s->opt->invite);
		return -EINVAL;
	}
	ret = rte_dma_access_token_generate(inv.token);
	if (ret != 0) {
		error("cannot make a token: %s", strerror(-ret));
		return ret;
	}
	ret = memory_share(&s->mem, s->group.dev);
	if (ret == 0)
		ret = group_create(&s->group, inv.token);
	if (ret != 0)
		return ret;
	inv.group_id = s->group.id;
	ret = invite_write(s->opt->invite, &inv);
	if (ret == 0)
		printf("wrote the invitation %s\n", s->opt->invite);
	else
		group_end(&s->group);

	return ret;
}

static int
join(struct session *s, const struct invite *inv)
{
	int ret;

	ret = memory_share(&s->mem, s->group.dev);
	if (ret != 0)
		return ret;
	s->peer_mailbox = inv->mailbox;

	return group_join(&s->group, inv->group_id,
		s->opt->have_token ? s->opt->token : inv->token);
}

/* Who comes first creates the group. If two come at the same time, the invitation decides. */
static int
enter_group(struct session *s)
{
	struct invite inv;
	int ret;

	ret = group_watch(&s->group, s->dma.dev);
	if (ret != 0)
		return ret;
	ret = invite_read(s->opt->invite, &inv);
	if (ret == 0) {
		ret = join(s, &inv);
		if (ret == -ENOENT)
			invite_discard(s->opt->invite, &inv);
	}
	if (ret != -ENOENT)
		return ret;
	ret = create(s);
	if (ret != -EEXIST)
		return ret;
	ret = invite_read(s->opt->invite, &inv);
	if (ret == -ENOENT)
		error("the invitation %s came and went; try again", s->opt->invite);

	return ret == 0 ? join(s, &inv) : ret;
}

static int
transfer(struct session *s)
{
	int ret;

	ret = session_hello(s);
	if (ret == 0)
		ret = s->opt->role == ROLE_SEND ? send_file(s) : recv_file(s);
	if (ret != 0)
		session_give_up(s, ret);

	return session_leave(s, ret == 0 && s->opt->try_after_leave) == 0 ? ret : -EPROTO;
}

static int
run(const struct options *opt)
{
	struct session s = { .fd = -1 };
	int ret = 0;

	if (opt->role == ROLE_SEND)
		ret = file_open(opt->file, &s.fd, &s.size);
	if (ret == 0)
		ret = dma_open(&s.dma, opt);
	if (ret == 0)
		ret = memory_reserve(&s.mem, opt);
	if (ret == 0) {
		session_init(&s, opt);
		ret = enter_group(&s);
	}
	if (ret == 0)
		ret = transfer(&s);
	invite_remove(opt->invite);
	dma_close(&s.dma);
	memory_free(&s.mem);
	if (s.fd >= 0)
		close(s.fd);

	return ret;
}

/* Our own options are after the first "--", and are checked before EAL takes its time to start. */
static int
own_options(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		if (strcmp(argv[i], "--") == 0)
			return i;

	return 0;
}

int
main(int argc, char **argv)
{
	int own = own_options(argc, argv), ret;
	struct options opt;

	setvbuf(stdout, NULL, _IOLBF, 0);
	rte_set_application_usage_hook(options_usage);
	if (own != 0) {
		argv[own] = argv[0];
		if (options_parse(&opt, argc - own, argv + own) != 0)
			return EXIT_FAILURE;
	}
	/* Without "--" it may still be EAL's --help. */
	ret = rte_eal_init(own != 0 ? own : argc, argv);
	if (ret < 0) {
		error("EAL does not start; see --help");
		return EXIT_FAILURE;
	}
	if (own == 0) {
		error("options of the program come after \"--\"; see --help");
		ret = -EINVAL;
	} else {
		catch_signals();
		ret = run(&opt);
	}
	rte_eal_cleanup();

	return ret == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
