/* SPDX-License-Identifier: MIT
 *
 * pac_buffers.h - the decoders of single PAC buffers. Internal to identity/.
 *
 * Each reads one buffer into the PAC and leaves what went wrong in the reader.
 */
#ifndef TL_PAC_BUFFERS_H
#define TL_PAC_BUFFERS_H

#include "ndr.h"

#include <trustlogon/pac.h>

#define TL_PAC_EXTRA_SIDS 0x20U /* UserFlags [MS-PAC 2.5] */
#define TL_PAC_RESOURCE_GROUPS 0x200U

void tli_pac_logon_info(struct tl_pac *pac, struct tli_ndr *r);
/* PAC_CLIENT_INFO [2.7], UPN_DNS_INFO [2.10], PAC_ATTRIBUTES_INFO [2.14],
 * PAC_REQUESTOR [2.15] */
void tli_pac_client_info(struct tl_pac *pac, struct tli_ndr *r);
void tli_pac_upn_dns_info(struct tl_pac *pac, struct tli_ndr *r);
void tli_pac_attributes(struct tl_pac *pac, struct tli_ndr *r);
void tli_pac_requestor(struct tl_pac *pac, struct tli_ndr *r);

#endif
