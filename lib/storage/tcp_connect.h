// A TCP connection to a host by name, within a time limit.
#pragma once

#include <chrono>
#include <string>

#include "fenchi/status.h"
#include "storage/file_descriptor.h"

namespace fenchi {

// Tries each address of the host in turn, sharing the time out among them. The socket is
// non-blocking, sends small packets at once, and notices within `timeout` and some keepalive probes
// that the other end is gone.
// Errors: kUnavailable when there is no such host or nobody listens; kDeadline.
Result<FileDescriptor> ConnectTcp(const std::string& host, int port,
                                  std::chrono::milliseconds timeout);

}  // namespace fenchi
