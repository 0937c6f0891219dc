/* Runs cells in one process, so that their variables stay (docs/compiled.md).

   resident COMMANDS ANSWERS FOLDER: reads commands from one descriptor and answers on another. A
   cell is a shared object in FOLDER with a function polykernel_cell. Commands and answers are
   lines, their fields parted by tabs:
       run LIBRARY      -> done STATUS | interrupted | failed MESSAGE
       stdin PATH       -> done 0
       sync TEXT        -> sync TEXT: what was asked before has been answered
   A crash writes "crash SIGNAL", and "frame FILE OFFSET" for each frame, before the process ends. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

/* Comes again and again after an interrupt that has come at a bad moment, or while SIGINT is ignored,
   as within system(). */
#define AGAIN (SIGRTMAX - 2)
enum { FRAMES = 64, TRIES = 1500 };
static const int CRASHES[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP};
static int commands, answers;
static const char *folder;
static pthread_t main_thread;
static pid_t pid;
static sigjmp_buf back;
static volatile sig_atomic_t running, tries;
static timer_t again;
static char alternate_stack[1 << 16];

static void answer(const char *text) {
    size_t left = strlen(text);
    while (left > 0) {
        ssize_t written = write(answers, text, left);
        if (written < 0 && errno != EINTR)
            _exit(1);
        if (written > 0)
            text += written, left -= (size_t)written;
    }
}

static uintptr_t program_counter(void *context) {
#if defined(__x86_64__)
    return (uintptr_t)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
#elif defined(__i386__)
    return (uintptr_t)((ucontext_t *)context)->uc_mcontext.gregs[REG_EIP];
#elif defined(__aarch64__)
    return (uintptr_t)((ucontext_t *)context)->uc_mcontext.pc;
#else
    return 0;
#endif
}

/* The signal has ended a system call that waited. */
static int waited(void *context, uintptr_t counter) {
#if defined(__x86_64__)
    const unsigned char *code = (const unsigned char *)counter;
    long long result = ((ucontext_t *)context)->uc_mcontext.gregs[REG_RAX];
    return code[-2] == 0x0f && code[-1] == 0x05 && result == -EINTR;
#elif defined(__aarch64__)
    long long result = (long long)((ucontext_t *)context)->uc_mcontext.regs[0];
    return ((const uint32_t *)counter)[-1] == 0xd4000001 && result == -EINTR;
#else
    return 0;
#endif
}

static int is_of_cell(const Dl_info *info) {
    return info->dli_fname && strncmp(info->dli_fname, folder, strlen(folder)) == 0 &&
           strstr(info->dli_fname, ".library");
}

/* No lock is left behind when a cell's own code is left, nor when the C library waits for the cell.
   Of other libraries that is not known. */
static int may_leave(void *context) {
    uintptr_t counter = program_counter(context);
    Dl_info info;
    void *frames[FRAMES];
    if (!counter || !dladdr((void *)counter, &info))
        return 0;
    if (is_of_cell(&info))
        return 1;
    if (!waited(context, counter))
        return 0;
    int count = backtrace(frames, FRAMES), seen = 0;
    for (int index = 0; index < count; index++) {
        seen |= (uintptr_t)frames[index] == counter;
        if (!seen)
            continue;
        if (!dladdr(frames[index], &info) || !info.dli_fname)
            return 0;
        if (is_of_cell(&info))
            return 1;
        if (!strstr(info.dli_fname, "/libc.so") && !strstr(info.dli_fname, "/libc-"))
            return 0;
    }
    return 0;
}

static void set_timer(long nanoseconds) {
    struct itimerspec when = {{0, nanoseconds}, {0, nanoseconds}};
    timer_settime(again, 0, &when, NULL);
}

/* A child that the cell has forked behaves as any program. */
static void be_any_program(int number) {
    signal(number, SIG_DFL);
    raise(number);
}

static void on_interrupt(int number, siginfo_t *info, void *context) {
    int kept = errno;
    if (getpid() != pid) {
        be_any_program(number);
    } else if (!running) {
        set_timer(0);
    } else if (!pthread_equal(pthread_self(), main_thread)) {
        pthread_kill(main_thread, number);
    } else if (may_leave(context)) {
        running = 0;
        set_timer(0);
        siglongjmp(back, 1);
    } else if (tries++ == 0) {
        set_timer(1000000); /* try again in a millisecond */
    } else if (tries > TRIES) {
        set_timer(0);
    }
    errno = kept;
}

static void tell_frame(void *address, int exact) {
    Dl_info info;
    char line[4200];
    if (!dladdr(address, &info) || !info.dli_fname)
        return;
    /* a return address is behind its call */
    uintptr_t offset = (uintptr_t)address - (uintptr_t)info.dli_fbase - (exact ? 0 : 1);
    snprintf(line, sizeof line, "frame\t%s\t%#lx\n", info.dli_fname, (unsigned long)offset);
    answer(line);
}

static void on_crash(int number, siginfo_t *info, void *context) {
    char line[64];
    void *frames[FRAMES];
    if (getpid() != pid) {
        be_any_program(number);
        return;
    }
    for (size_t index = 0; index < sizeof CRASHES / sizeof *CRASHES; index++)
        signal(CRASHES[index], SIG_DFL);
    snprintf(line, sizeof line, "crash\t%d\n", number);
    answer(line);
    uintptr_t counter = program_counter(context);
    if (counter)
        tell_frame((void *)counter, 1);
    int count = backtrace(frames, FRAMES), seen = 0;
    for (int index = 0; index < count; index++) {
        if (seen)
            tell_frame(frames[index], 0);
        seen |= (uintptr_t)frames[index] == counter;
    }
    signal(SIGALRM, SIG_DFL);
    alarm(1); /* another thread may hold the stream */
    fflush(stdout);
    raise(number);
}

static void take_interrupts(void) {
    struct sigaction interrupt = {.sa_sigaction = on_interrupt, .sa_flags = SA_SIGINFO};
    sigaction(SIGINT, &interrupt, NULL);
    sigaction(AGAIN, &interrupt, NULL);
}

static void install_handlers(void) {
    stack_t stack = {.ss_sp = alternate_stack, .ss_size = sizeof alternate_stack};
    struct sigaction crash = {.sa_sigaction = on_crash, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = AGAIN};
    void *frames[FRAMES];
    backtrace(frames, FRAMES); /* loads what it needs: not within a handler */
    sigaltstack(&stack, NULL);
    for (size_t index = 0; index < sizeof CRASHES / sizeof *CRASHES; index++)
        sigaction(CRASHES[index], &crash, NULL);
    timer_create(CLOCK_MONOTONIC, &event, &again);
    take_interrupts();
}

static void run(const char *library) {
    char line[4200];
    void *handle = dlopen(library, RTLD_NOW | RTLD_GLOBAL);
    int (*cell)(void) = handle ? (int (*)(void))dlsym(handle, "polykernel_cell") : NULL;
    if (!cell) {
        snprintf(line, sizeof line, "failed\t%.4096s\n", dlerror());
        answer(line);
        return;
    }
    __fpurge(stdin); /* what was typed for an earlier cell */
    clearerr(stdin);
    tries = 0;
    take_interrupts(); /* the cell before may have changed that */
    if (sigsetjmp(back, 1) == 0) {
        running = 1;
        int status = cell();
        running = 0;
        if (getpid() != pid)
            exit(status); /* a child that the cell has forked */
        snprintf(line, sizeof line, "done\t%d\n", status);
    } else {
        strcpy(line, "interrupted\n");
    }
    set_timer(0);
    fflush(NULL);
    answer(line);
}

static void take_stdin(const char *path) {
    int descriptor = open(path, O_RDONLY);
    if (descriptor >= 0) {
        dup2(descriptor, 0);
        close(descriptor);
    }
    answer("done\t0\n");
}

int main(int count, char **arguments) {
    char *line = NULL;
    size_t size = 0;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    commands = atoi(arguments[1]);
    answers = atoi(arguments[2]);
    folder = arguments[3];
    main_thread = pthread_self();
    pid = getpid();
    fcntl(commands, F_SETFD, FD_CLOEXEC);
    fcntl(answers, F_SETFD, FD_CLOEXEC);
    /* as in a terminal: lines as they come, and what was printed before a question */
    setvbuf(stdout, NULL, _IOLBF, 0);
    setvbuf(stdin, NULL, _IOLBF, 0);
    install_handlers();
    FILE *input = fdopen(commands, "r");
    for (;;) {
        ssize_t length = getline(&line, &size, input);
        if (length <= 0 && errno == EINTR && !feof(input)) {
            clearerr(input);
            continue;
        }
        if (length <= 0)
            return 0;
        line[length - 1] = 0;
        if (strncmp(line, "run\t", 4) == 0)
            run(line + 4);
        else if (strncmp(line, "stdin\t", 6) == 0)
            take_stdin(line + 6);
        else if (strncmp(line, "sync\t", 5) == 0) {
            answer(line);
            answer("\n");
        }
    }
}
