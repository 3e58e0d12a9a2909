/* SPDX-License-Identifier: MIT
 *
 * worker_requests.h - what a worker may ask of its monitor: the worker's side, and the
 * monitor's.
 */
#ifndef TLA_WORKER_REQUESTS_H
#define TLA_WORKER_REQUESTS_H

#include "worker_process.h"

/* In the worker: from now on the library asks the monitor for what it may not do itself.
 */
void tla_requests_begin(struct tla_work *work);
/* In the monitor: serve a request. 0; -EBADMSG: not one that this worker may make, or
 * make again; or the error of the socket. */
int tla_request_serve(struct tla_work *work, const json_t *message, tl_deadline deadline);

#endif
