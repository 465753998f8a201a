#pragma once
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Opens, binds and returns a non-blocking TCP socket on a numeric address, or a negative errno. `reuse_port`
/// lets several sockets share the port (one a loop); the first one is bound without it, so that a port in use
/// by another process is noticed.
int tutti_tcp_bind(const char *address, uint16_t port, int reuse_port);

/// Takes one waiting connection of a listening socket, non-blocking; its descriptor or a negative errno.
int tutti_tcp_accept(int listener);

/// The port that the socket is bound to, or a negative errno.
int tutti_socket_port(int descriptor);

/// The numeric address of the socket's peer into `text` (at least 64 bytes); 0 or a negative errno.
int tutti_socket_peer(int descriptor, char *text, int capacity);

#ifdef __cplusplus
}
#endif
