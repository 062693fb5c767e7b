#include "token/pkcs11_module.h"

#include <dlfcn.h>

#include <map>
#include <mutex>

#include "base/display.h"
#include "base/error.h"
#include "token/pkcs11_answer.h"

namespace fenchi {
namespace {

struct Running {
  int users = 0;
  bool ours = false;  // somebody else in this process may have started it: then they end it
};

struct Started {
  std::mutex mutex;
  std::map<CK_FUNCTION_LIST*, Running> modules;
};

// Of the process, as the libraries' own state is. Never destroyed: a token may die late.
Started& StartedModules() {
  static auto* const started = new Started;
  return *started;
}

Status NoModule(const std::string& path, const std::string& why) {
  return Io("PKCS#11 module '{}' cannot be loaded: {}", EscapeForDisplay(path),
            EscapeForDisplay(why))
      .WithHint("module-path names the library of the token's maker; is its package installed?");
}

Status Start(CK_FUNCTION_LIST* calls, const std::string& path) {
  Started& started = StartedModules();
  const std::lock_guard lock(started.mutex);
  Running& running = started.modules[calls];
  if (running.users == 0) {
    CK_C_INITIALIZE_ARGS arguments{};
    arguments.flags = CKF_OS_LOCKING_OK;
    const CK_RV answer = calls->C_Initialize(&arguments);
    if (answer != CKR_OK && answer != CKR_CRYPTOKI_ALREADY_INITIALIZED) {
      return Unavailable("PKCS#11 module '{}' does not start ({})", EscapeForDisplay(path),
                         AnswerName(answer))
          .WithHint("look at its configuration and at its maker's log");
    }
    running.ours = answer == CKR_OK;
  }
  ++running.users;
  return Status::Ok();
}

}  // namespace

Result<std::shared_ptr<Pkcs11Module>> Pkcs11Module::Load(const std::string& path) {
  // It stays: many of these libraries do not survive being unloaded.
  void* const handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (handle == nullptr) {
    const char* const why = dlerror();
    return NoModule(path, why != nullptr ? why : "the system does not say why");
  }
  const auto list = reinterpret_cast<CK_C_GetFunctionList>(dlsym(handle, "C_GetFunctionList"));
  CK_FUNCTION_LIST* calls = nullptr;
  if (list == nullptr) return NoModule(path, "it is no PKCS#11 library");
  if (const CK_RV answer = list(&calls); answer != CKR_OK || calls == nullptr) {
    return NoModule(path, "it does not say what it can do");
  }
  FENCHI_RETURN_IF_ERROR(Start(calls, path));
  return std::shared_ptr<Pkcs11Module>(new Pkcs11Module(calls));
}

Pkcs11Module::~Pkcs11Module() {
  Started& started = StartedModules();
  const std::lock_guard lock(started.mutex);
  Running& running = started.modules[calls_];
  if (--running.users == 0 && running.ours) (void)calls_->C_Finalize(nullptr);
}

}  // namespace fenchi
