/* SPDX-License-Identifier: MIT
 *
 * saved.h - a file of tickets, as bytes and back. Pure.
 *
 *   "TLT1"  u32 length, client                       numbers are big-endian
 *   u32 count; for each ticket:
 *   u32 length, server   u64 end   u32 length, the ticket
 *
 * What a worker has got from the network lies in such files and is read back by root. So
 * the file has lengths and nothing that is decoded there: the tickets are for libkrb5 in
 * a process that owns no more than they do, and the server and the end beside each are
 * hints, which decide at most that another ticket is asked for.
 */
#ifndef TL_KERBEROS_SAVED_H
#define TL_KERBEROS_SAVED_H

#include <stdint.h>

#include <trustlogon/tickets.h>

/* Another few minutes are left: a ticket is worth a question to a server. */
bool tli_ticket_lasts(int64_t end);

/* *bytes is a child of ctx; its owner wipes it. 0, -EINVAL (more than such a file takes)
 * or -ENOMEM. */
int tli_tickets_format(TALLOC_CTX *ctx, const struct tl_tickets *tickets, uint8_t **bytes,
                       size_t *len);
/* *tickets is a child of ctx. 0, -EBADMSG or -ENOMEM. */
int tli_tickets_parse(TALLOC_CTX *ctx, const uint8_t *bytes, size_t len,
                      struct tl_tickets **tickets);

#endif
