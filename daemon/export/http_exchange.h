// SPDX-License-Identifier: MIT
// The callbacks between libmicrohttpd and the router; only http_server.cpp includes this.
#pragma once

#include <microhttpd.h>

#include <cstddef>

#include "export/basic_auth.h"
#include "export/router.h"

namespace exitledger {

/// What the callbacks of one listening socket know.
struct HttpContext {
  const Router& router;
  std::size_t body_bytes;  ///< most that a request's body may have
  bool local;              ///< the unix socket
  BasicAuth* auth;         ///< nullptr: everybody may ask
};

/// MHD_AccessHandlerCallback; `context` is an HttpContext. Throws nothing: its caller is C.
MHD_Result http_answer(void* context, MHD_Connection* connection, const char* path, const char* method,
                       const char* version, const char* upload, std::size_t* upload_bytes, void** exchange) noexcept;

/// MHD_RequestCompletedCallback: frees what http_answer() left in `exchange`.
void http_completed(void* context, MHD_Connection* connection, void** exchange,
                    MHD_RequestTerminationCode code) noexcept;

}  // namespace exitledger
