// Credentials that Python gives: azure-identity, google-auth, botocore, or a vault of secrets.
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core.h"
#include "fenchi/azure.h"
#include "fenchi/gcs.h"
#include "fenchi/s3.h"
#include "fenchi/secret.h"
#include "fenchi/webdav.h"

namespace fenchi_python {
namespace {

using fenchi::Result;
using fenchi::SecretBytes;
using fenchi::Status;
using fenchi::StatusCode;

// A dict of what the callable gave. Lives and dies under the GIL.
class Fields {
 public:
  explicit Fields(const py::object& given) : fields_(given) {}

  SecretBytes Secret(const char* name) const {
    if (!fields_.contains(name)) return {};
    const py::object value = fields_[name];
    const auto text = py::isinstance<py::bytes>(value) ? value.cast<std::string>()
                                                       : py::str(value).cast<std::string>();
    return SecretBytes::CopyOf(fenchi::AsBytes(text));
  }
  std::string Text(const char* name) const {
    return fields_.contains(name) ? py::str(fields_[name]).cast<std::string>() : std::string();
  }
  std::optional<fenchi::Timestamp> Expires() const {
    if (!fields_.contains("expires")) return std::nullopt;
    return fenchi::Timestamp{.seconds = fields_["expires"].cast<std::int64_t>()};
  }

 private:
  py::dict fields_;
};

// The callable, let go of under the GIL on whatever thread is the last.
class Asked {
 public:
  explicit Asked(py::object callable)
      : callable_(new py::object(std::move(callable)), [](const py::object* held) {
          const py::gil_scoped_acquire gil;
          delete held;
        }) {}

  // Any thread. The text of an exception may hold what nobody may read: only its type is told.
  template <typename Credentials, typename Fill>
  Result<Credentials> operator()(const Fill& fill) const {
    const py::gil_scoped_acquire gil;
    try {
      Credentials out;
      fill(Fields((*callable_)()), out);
      return out;
    } catch (const py::error_already_set& error) {
      return Status(StatusCode::kDenied,
                    "the callable that gives credentials raised " +
                        py::str(error.type().attr("__name__")).cast<std::string>(),
                    "call it by itself to see why");
    } catch (const std::exception&) {
      return Status(StatusCode::kInvalidArgument,
                    "the callable that gives credentials gave something else",
                    "see fenchi.open_provider for what it has to give");
    }
  }

 private:
  std::shared_ptr<const py::object> callable_;
};

Result<std::shared_ptr<fenchi::Provider>> OpenS3(const std::string& url,
                                                 const fenchi::Domain& domain, Asked asked) {
  Result<fenchi::S3Options> options = fenchi::ParseS3Url(url);
  if (!options.ok()) return options.status();
  options->domain = domain;
  options->credentials = [asked] {
    return asked.operator()<fenchi::S3Credentials>([](const Fields& fields, auto& out) {
      out.access_key_id = fields.Text("access_key_id");
      out.secret_access_key = fields.Secret("secret_access_key");
      out.session_token = fields.Text("session_token");
      out.expires = fields.Expires();
    });
  };
  return fenchi::OpenS3Provider(*options);
}

Result<std::shared_ptr<fenchi::Provider>> OpenAzure(const std::string& url,
                                                    const fenchi::Domain& domain, Asked asked) {
  Result<fenchi::AzureOptions> options = fenchi::ParseAzureUrl(url);
  if (!options.ok()) return options.status();
  options->domain = domain;
  options->credentials = [asked] {
    return asked.operator()<fenchi::AzureCredentials>([](const Fields& fields, auto& out) {
      out.key = fields.Secret("key");
      out.sas = fields.Secret("sas");
      out.token = fields.Secret("token");
      out.expires = fields.Expires();
    });
  };
  return fenchi::OpenAzureProvider(*options);
}

Result<std::shared_ptr<fenchi::Provider>> OpenGcs(const std::string& url,
                                                  const fenchi::Domain& domain, Asked asked) {
  Result<fenchi::GcsOptions> options = fenchi::ParseGcsUrl(url);
  if (!options.ok()) return options.status();
  options->domain = domain;
  options->credentials = [asked] {
    return asked.operator()<fenchi::GcsCredentials>([](const Fields& fields, auto& out) {
      out.token = fields.Secret("token");
      out.expires = fields.Expires();
    });
  };
  return fenchi::OpenGcsProvider(*options);
}

Result<std::shared_ptr<fenchi::Provider>> OpenWebdav(const std::string& url,
                                                     const fenchi::Domain& domain, Asked asked) {
  Result<fenchi::WebdavOptions> options = fenchi::ParseWebdavUrl(url);
  if (!options.ok()) return options.status();
  options->domain = domain;
  options->credentials = [asked] {
    return asked.operator()<fenchi::WebdavCredentials>([](const Fields& fields, auto& out) {
      out.user = fields.Text("user");
      out.password = fields.Secret("password");
      out.token = fields.Secret("token");
    });
  };
  return fenchi::OpenWebdavProvider(*options);
}

}  // namespace

Result<std::shared_ptr<fenchi::Provider>> OpenWithCredentials(const std::string& url,
                                                              const fenchi::Domain& domain,
                                                              py::object callable) {
  Asked asked(std::move(callable));
  const std::string scheme = url.substr(0, url.find(':'));
  if (scheme == "s3") return OpenS3(url, domain, std::move(asked));
  if (scheme == "azure") return OpenAzure(url, domain, std::move(asked));
  if (scheme == "gs") return OpenGcs(url, domain, std::move(asked));
  if (scheme == "webdav" || scheme == "webdavs") return OpenWebdav(url, domain, std::move(asked));
  return Status(StatusCode::kInvalidArgument,
                "only s3:, azure:, gs: and webdavs: take a callable for credentials");
}

}  // namespace fenchi_python
