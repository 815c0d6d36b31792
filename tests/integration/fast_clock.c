// Makes a program's clocks run faster from one moment on, for every program that is given the same
// moment; loaded with LD_PRELOAD. libfaketime leaves pthread_cond_clockwait() alone, with which
// C++ waits, and begins anew in each program.
//
//   FAST_CLOCK="FROM REAL SPEED": nanoseconds of the monotonic clock, of the real-time clock at
//   that moment, and how many seconds pass in one.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

typedef long long ns_t;
static const ns_t kSecond = 1000000000;
static ns_t from, wall_from, speed;

__attribute__((constructor)) static void begin(void) {
  const char* text = getenv("FAST_CLOCK");
  if (text == NULL || sscanf(text, "%lld %lld %lld", &from, &wall_from, &speed) != 3) abort();
}

static ns_t of(struct timespec time) { return time.tv_sec * kSecond + time.tv_nsec; }

static struct timespec as_timespec(ns_t time) {
  return (struct timespec){time / kSecond, time % kSecond};
}

static ns_t true_time(clockid_t clock) {
  struct timespec now;
  syscall(SYS_clock_gettime, clock, &now);
  return of(now);
}

// Between the true and the fast monotonic clock.
static ns_t faster(ns_t time) { return time <= from ? time : from + (time - from) * speed; }
static ns_t slower(ns_t time) { return time <= from ? time : from + (time - from) / speed; }

static ns_t now(void) { return faster(true_time(CLOCK_MONOTONIC)); }

static int is_wall(clockid_t clock) {
  return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
}

static int is_fast(clockid_t clock) {
  return is_wall(clock) || clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_COARSE ||
         clock == CLOCK_BOOTTIME;
}

// From here to the end of a wait of the fast clock.
static ns_t true_wait(ns_t wait) {
  const ns_t left = slower(now() + wait) - true_time(CLOCK_MONOTONIC);
  return left > 0 ? left : 0;
}

#define TRUE(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int clock_gettime(clockid_t clock, struct timespec* time) {
  if (!is_fast(clock)) return (int)syscall(SYS_clock_gettime, clock, time);
  *time = as_timespec(now() + (is_wall(clock) ? wall_from - from : 0));
  return 0;
}

int gettimeofday(struct timeval* restrict time, void* restrict zone) {
  (void)zone;
  const ns_t wall = now() + wall_from - from;
  *time = (struct timeval){wall / kSecond, wall % kSecond / 1000};
  return 0;
}

time_t time(time_t* out) {
  const time_t seconds = (now() + wall_from - from) / kSecond;
  if (out != NULL) *out = seconds;
  return seconds;
}

int nanosleep(const struct timespec* wait, struct timespec* left) {
  const struct timespec shorter = as_timespec(true_wait(of(*wait)));
  return TRUE(nanosleep)(&shorter, left);
}

int usleep(useconds_t wait) {
  const struct timespec shorter = as_timespec(true_wait(wait * 1000LL));
  return TRUE(nanosleep)(&shorter, NULL);
}

static int true_wait_ms(int wait_ms) {
  return wait_ms <= 0 ? wait_ms : (int)((true_wait(wait_ms * 1000000LL) + 999999) / 1000000);
}

int poll(struct pollfd* fds, nfds_t count, int wait_ms) {
  return TRUE(poll)(fds, count, true_wait_ms(wait_ms));
}

int epoll_wait(int fd, struct epoll_event* events, int count, int wait_ms) {
  return TRUE(epoll_wait)(fd, events, count, true_wait_ms(wait_ms));
}

int pthread_cond_clockwait(pthread_cond_t* restrict condition, pthread_mutex_t* restrict mutex,
                           clockid_t clock, const struct timespec* restrict until) {
  const ns_t fast = of(*until) - (is_wall(clock) ? wall_from - from : 0);
  const struct timespec sooner = as_timespec(slower(fast));
  return TRUE(pthread_cond_clockwait)(condition, mutex, CLOCK_MONOTONIC, &sooner);
}

// Of the monotonic clock, as asio's timers are.
int timerfd_settime(int fd, int flags, const struct itimerspec* given, struct itimerspec* before) {
  struct itimerspec sooner = *given;
  const ns_t value = of(given->it_value);
  if (value != 0) {
    ns_t until = flags & TFD_TIMER_ABSTIME ? slower(value) : true_wait(value);
    sooner.it_value = as_timespec(until > 0 ? until : 1);
  }
  if (of(given->it_interval) != 0) sooner.it_interval = as_timespec(of(given->it_interval) / speed);
  return TRUE(timerfd_settime)(fd, flags, &sooner, before);
}
