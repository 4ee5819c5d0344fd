/* A load of HTTP/1.1 requests from one thread: bench/answers.py compiles and starts it.
 *
 *     load PORT CONNECTIONS SECONDS CLOSE < request
 *
 * Each connection sends the request, waits for the whole answer (its Content-Length; a 304 has no body) and
 * begins again; with CLOSE = 1 on a new connection each time. Prints one line: answers with 200, answers with
 * 304, other answers, seconds, median and 99th percentile in microseconds. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HEAD 8192
#define MOST 20000000

struct connection {
    int fd;
    size_t had;         /* bytes of the head of the answer */
    long left;          /* bytes of the body that are still to come; -1: the head is not whole */
    int status;
    double begun;
    char head[HEAD];
};

static char request[65536];
static size_t length;
static int port, closes, poller;
static long counts[3];
static float *times;
static long told;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void open_one(struct connection *c) {
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct epoll_event asked = {.events = EPOLLIN, .data.ptr = c};
    struct linger reset = {1, 0};
    int yes = 1;
    there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&there, sizeof there)) fail("connect");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    if (epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &asked)) fail("epoll_ctl");
}

static void ask(struct connection *c) {
    c->had = 0;
    c->left = -1;
    c->begun = now();
    if (send(c->fd, request, length, MSG_NOSIGNAL) != (ssize_t)length) fail("send");
}

static void end(struct connection *c) {
    counts[c->status == 200 ? 0 : c->status == 304 ? 1 : 2]++;
    if (told < MOST) times[told++] = (now() - c->begun) * 1e6;
    if (closes) {
        close(c->fd);
        open_one(c);
    }
    ask(c);
}

static void receive(struct connection *c) {
    static char body[262144];
    ssize_t got;
    if (c->left < 0) {
        char *stop, *found;
        got = recv(c->fd, c->head + c->had, HEAD - 1 - c->had, 0);
        if (got <= 0) goto again;
        c->had += got;
        c->head[c->had] = 0;
        if (!(stop = strstr(c->head, "\r\n\r\n"))) return;
        c->status = atoi(c->head + 9);
        found = strcasestr(c->head, "\r\ncontent-length:");
        c->left = c->status == 304 || !found ? 0 : atol(found + 17);
        c->left -= c->head + c->had - (stop + 4);
    } else {
        got = recv(c->fd, body, sizeof body, 0);
        if (got <= 0) goto again;
        c->left -= got;
    }
    if (c->left <= 0) end(c);
    return;
again: /* the server closed the connection: another one */
    if (got < 0 && errno == EAGAIN) return;
    close(c->fd);
    open_one(c);
    ask(c);
}

static int order(const void *a, const void *b) {
    return (*(float *)a > *(float *)b) - (*(float *)a < *(float *)b);
}

int main(int argc, char **argv) {
    int n = atoi(argv[2]), ready;
    double seconds = atof(argv[3]), begun;
    struct connection *all = calloc(n, sizeof *all);
    struct epoll_event found[256];
    if (argc != 5) return 2;
    port = atoi(argv[1]);
    closes = atoi(argv[4]);
    length = fread(request, 1, sizeof request, stdin);
    times = malloc(MOST * sizeof *times);
    poller = epoll_create1(0);
    for (int i = 0; i < n; i++) {
        open_one(all + i);
        ask(all + i);
    }
    begun = now();
    while (now() - begun < seconds) {
        ready = epoll_wait(poller, found, 256, 100);
        for (int i = 0; i < ready; i++) receive(found[i].data.ptr);
    }
    seconds = now() - begun;
    qsort(times, told, sizeof *times, order);
    printf("%ld %ld %ld %f %f %f\n", counts[0], counts[1], counts[2], seconds,
           told ? times[told / 2] : 0, told ? times[told * 99 / 100] : 0);
    return 0;
}
