// SPDX-License-Identifier: GPL-2.0
// The kernel says when a VM is made.
#include "uevents.h"

#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int uevents_open(void)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	const int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address))) {
		close(fd);
		return -1;
	}
	return fd;
}

bool uevents_next(int fd, pid_t *pid)
{
	char text[2048];
	ssize_t n;

	while (fd >= 0 && (n = recv(fd, text, sizeof(text) - 1, 0)) > 0) {
		bool made = false;

		*pid = 0;
		text[n] = '\0';
		for (const char *word = text; word < text + n; word += strlen(word) + 1) {
			if (!strcmp(word, "EVENT=create"))
				made = true;
			else if (!strncmp(word, "PID=", 4))
				*pid = (pid_t)atoi(word + 4);
		}
		if (made)
			return true;
	}
	return false;
}
