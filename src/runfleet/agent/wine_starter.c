/*
 * Starts a command line on a Windows node, and notes how it ended.
 *
 * Linux keeps eight bits of an exit code, and a program gets a console only from one that has it.
 * So this small program stands between Wine and a task: it has the console, by its standard error;
 * the task gets as its output what is this program's own, and as its errors what is its input.
 *
 * RUNFLEET_COMMAND_LINE  what to start; without it there is nothing to do
 * RUNFLEET_END_FILE      gets "CODE CHANGED": the exit code, and 1 if the registry was changed
 *                        meanwhile; or "- ERROR" if Windows could not start the program
 * RUNFLEET_TEMP          becomes TEMP and TMP, which Wine has from the registry otherwise
 *
 * wine_starter.exe is made of it by `make starter`.
 */

#include <windows.h>

#define LONGEST 32768
#define PARTS 3

static WCHAR command_line[LONGEST], end_file[LONGEST], temp[LONGEST];
static STARTUPINFOW streams;
static HANDLE changes[PARTS];

/* Take a variable out of the environment, so that the task does not see it. */
static DWORD take(const WCHAR *name, WCHAR *text)
{
    DWORD length = GetEnvironmentVariableW(name, text, LONGEST);
    SetEnvironmentVariableW(name, NULL);
    return length;
}

static char *append_number(char *end, int number)
{
    char digits[12], *digit = digits;
    unsigned rest = number < 0 ? -(unsigned)number : number;
    do *digit++ = '0' + rest % 10; while (rest /= 10);
    if (number < 0) *end++ = '-';
    while (digit > digits) *end++ = *--digit;
    return end;
}

static void write_end(const char *text, const char *end)
{
    DWORD written;
    HANDLE file = CreateFileW(end_file, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    WriteFile(file, text, end - text, &written, NULL);
    CloseHandle(file);
}

static void note_failure(DWORD error)
{
    char text[16] = "- ";
    write_end(text, append_number(text + 2, error));
}

static void note_end(DWORD exit_code, BOOL changed)
{
    char text[16], *end = append_number(text, exit_code);
    *end++ = ' ';
    *end++ = changed ? '1' : '0';
    write_end(text, end);
}

typedef LSTATUS(WINAPI *OpenKey)(HKEY, const WCHAR *, DWORD, REGSAM, HKEY *);
typedef LSTATUS(WINAPI *NotifyChange)(HKEY, BOOL, DWORD, HANDLE, BOOL);

/* Every process has kernelbase.dll; advapi32.dll, which leads to it, would take milliseconds. */
static FARPROC find(const char *name)
{
    return GetProcAddress(GetModuleHandleW(L"kernelbase.dll"), name);
}

static void watch(HKEY root, const WCHAR *path, HANDLE changed)
{
    const DWORD what = REG_NOTIFY_CHANGE_NAME | REG_NOTIFY_CHANGE_LAST_SET;
    OpenKey open_key = (OpenKey)find("RegOpenKeyExW");
    NotifyChange notify_change = (NotifyChange)find("RegNotifyChangeKeyValue");
    HKEY key;
    if (!open_key(root, path, 0, KEY_NOTIFY, &key))
        notify_change(key, TRUE, what, changed, TRUE);
}

/*
 * Drivers and services, too, write to the rest of HKLM\System.  Each key has an event of its own:
 * to watch a key resets its event, which may have been set by a service that is still starting.
 */
static void watch_registry(void)
{
    for (int part = 0; part < PARTS; part++) changes[part] = CreateEventW(NULL, TRUE, FALSE, NULL);
    watch(HKEY_CURRENT_USER, NULL, changes[0]);
    watch(HKEY_LOCAL_MACHINE, L"Software", changes[1]);
    watch(HKEY_LOCAL_MACHINE, L"System\\CurrentControlSet\\Control\\Session Manager", changes[2]);
}

/* What cannot be told counts as a change, too. */
static BOOL has_changed(void)
{
    return WaitForMultipleObjects(PARTS, changes, FALSE, 0) != WAIT_TIMEOUT;
}

/* Wine takes the input for something to read from; here it is a pipe to write to. */
static HANDLE writable(HANDLE input)
{
    const DWORD access = GENERIC_WRITE | SYNCHRONIZE;
    HANDLE self = GetCurrentProcess(), output = NULL;
    DuplicateHandle(self, input, self, &output, access, TRUE, 0);
    return output;
}

static void set_streams(void)
{
    SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
    const DWORD shared = FILE_SHARE_READ | FILE_SHARE_WRITE;
    streams.cb = sizeof streams;
    streams.dwFlags = STARTF_USESTDHANDLES;
    streams.hStdInput = CreateFileW(L"NUL", GENERIC_READ, shared, &inherited, OPEN_EXISTING, 0, NULL);
    streams.hStdOutput = GetStdHandle(STD_OUTPUT_HANDLE);
    streams.hStdError = writable(GetStdHandle(STD_INPUT_HANDLE));
    SetHandleInformation(streams.hStdOutput, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
}

void start(void)
{
    PROCESS_INFORMATION task;
    DWORD exit_code = 0;
    if (!take(L"RUNFLEET_COMMAND_LINE", command_line)) ExitProcess(0);
    take(L"RUNFLEET_END_FILE", end_file);
    take(L"RUNFLEET_TEMP", temp);
    SetEnvironmentVariableW(L"TEMP", temp);
    SetEnvironmentVariableW(L"TMP", temp);
    set_streams();
    watch_registry();
    if (!CreateProcessW(NULL, command_line, NULL, NULL, TRUE, 0, NULL, NULL, &streams, &task)) {
        note_failure(GetLastError());
        ExitProcess(1);
    }
    WaitForSingleObject(task.hProcess, INFINITE);
    GetExitCodeProcess(task.hProcess, &exit_code);
    note_end(exit_code, has_changed());
    ExitProcess(exit_code);
}
