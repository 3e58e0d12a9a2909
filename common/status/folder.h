/* SPDX-License-Identifier: MIT
 *
 * status/folder.h - the folders under /run and /var/lib that have files of the project.
 */
#ifndef TL_STATUS_FOLDER_H
#define TL_STATUS_FOLDER_H

/* Make the folder unless it is there: 0755 whatever the umask, because every process
 * passes through it, to the agent's sockets or to the identity store. 0 or -errno of a
 * folder that was made and stays closed; one that cannot be made shows when a file in it
 * is opened. */
int tli_make_folder(const char *path);

#endif
