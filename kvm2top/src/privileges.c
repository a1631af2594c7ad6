// SPDX-License-Identifier: GPL-2.0
// Give up being root: user, groups, capabilities, and the way back to any of them.
#include "privileges.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <unistd.h>

#define NOBODY	65534

/* The number in a variable that sudo sets; NOBODY if it does not make sense. */
static unsigned int sudo_id(const char *name)
{
	const char *text = getenv(name);
	char *end;
	unsigned long id;

	if (!text || *text < '1' || *text > '9')
		return NOBODY;
	errno = 0;
	id = strtoul(text, &end, 10);
	return errno || *end || id > 0x7fffffff ? NOBODY : (unsigned int)id;
}

int privileges_drop(void)
{
	const uid_t uid = sudo_id("SUDO_UID");
	const gid_t gid = sudo_id("SUDO_GID");

	if (geteuid())
		return 0;
	if (setgroups(0, NULL) || setresgid(gid, gid, gid))
		return -errno;
	/* With the last user id that is 0 all capabilities go. */
	if (setresuid(uid, uid, uid))
		return -errno;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	return setuid(0) ? 0 : -EPERM;
}
