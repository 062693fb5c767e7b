// Provider: a place that stores objects under names. Implement these five verbs to add a place.
//
// Promises that fenchi needs, and the contract suite (fenchi/testing/provider_contract.h) checks:
// an object is whole or absent, is never changed after Put returned, and two Puts of one name never
// both succeed unless one asked to replace. Nothing else: no rename, append, directories, locks or
// truthful clock. Listing may lag. Calls come from several threads at once.
//
// Names: 1..200 characters of a-z 0-9 . _ - and '/', no empty part, no part that starts with '.'.
// Every verb refuses other names with kInvalidArgument before it does anything. A place made of
// folders may refuse with kUnsupported to hold both "a" and "a/b".
//
//   FENCHI_ASSIGN_OR_RETURN(auto tokyo, fenchi::OpenProvider("file:///srv/fenchi/tokyo"));
//   fenchi::MemorySource source(fenchi::AsBytes("hello"));
//   FENCHI_RETURN_IF_ERROR(tokyo->Put("greeting", source, {}));
//   FENCHI_ASSIGN_OR_RETURN(fenchi::Bytes back, fenchi::GetAll(*tokyo, "greeting", 100));
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fenchi/bytes.h"
#include "fenchi/clock.h"
#include "fenchi/export.h"
#include "fenchi/status.h"

namespace fenchi {

// Whose hands a provider is in: what the placement policy counts. Empty text = not declared.
// Countries are ISO 3166-1 alpha-2.
struct Domain {
  std::string vendor = {};
  std::string vendor_home = {};
  std::string country = {};
  std::string region = {};
  std::string account = {};
  std::string medium = {};
  friend bool operator==(const Domain&, const Domain&) = default;
};

// What a place can do, as far as it knows without trying.
struct Capability {
  bool create_only = false;  // refuses to overwrite, atomically
  bool ranged_read = true;   // Get of a part costs a part
  bool can_delete = true;
  bool retention = false;  // honours PutOptions::retain_until; where false, it is ignored
  bool durable = false;    // an acknowledged Put survives power loss
  std::uint64_t object_size_bytes_max = 1ull << 40;
  std::uint32_t parallel_calls_max = 8;
};

// Bytes to upload. Rewindable: any offset may be read again after a failed attempt.
class FENCHI_EXPORT Source {
 public:
  virtual ~Source() = default;
  virtual std::uint64_t size() const = 0;
  // Fills all of `out` from `offset`. Errors: whatever the reading meets.
  virtual Status Read(std::uint64_t offset, MutableBytes out) = 0;
  // All of it, where it lies in memory as a whole: then a provider need not copy it.
  virtual std::optional<ByteView> InMemory() const { return std::nullopt; }
};

// A Source over memory that the caller keeps alive.
class FENCHI_EXPORT MemorySource final : public Source {
 public:
  explicit MemorySource(ByteView bytes) : bytes_(bytes) {}
  std::uint64_t size() const override { return bytes_.size(); }
  Status Read(std::uint64_t offset, MutableBytes out) override;
  std::optional<ByteView> InMemory() const override { return bytes_; }

 private:
  ByteView bytes_;
};

struct PutOptions {
  bool replace = false;  // only for objects that are not part of a vault
  // Ask the place to refuse deletion until then; ignored where Capability::retention is false.
  std::optional<Timestamp> retain_until = {};
};

struct ObjectInfo {
  std::string name;
  std::uint64_t size_bytes = 0;
  friend bool operator==(const ObjectInfo&, const ObjectInfo&) = default;
};

class FENCHI_EXPORT Provider {
 public:
  virtual ~Provider() = default;

  // Stores exactly source.size() bytes under `name`, atomically and, where `durable`, for good.
  // Errors: kAlreadyExists when the name is taken (nothing was changed); kFull; kDenied;
  // kUnavailable or kDeadline when it is unknown whether the object was stored.
  virtual Status Put(std::string_view name, Source& source, const PutOptions& options) = 0;

  // Fills all of `out` with the object's bytes from `offset`. Empty `out`: only checks presence.
  // Errors: kNotFound; kDamaged when the object ends before out is full; kUnavailable; kDenied.
  virtual Status Get(std::string_view name, std::uint64_t offset, MutableBytes out) = 0;

  // One answer for each name, in order; absent is nullopt and no error.
  virtual Result<std::vector<std::optional<ObjectInfo>>> Stat(
      std::span<const std::string> names) = 0;

  // Calls `entry` for each object whose name starts with `prefix` and is greater than `after`, in
  // byte order, until it returns false. May lag behind Put.
  virtual Status List(std::string_view prefix, std::string_view after,
                      const std::function<bool(const ObjectInfo&)>& entry) = 0;

  // One answer for each name, in order; absent is fine. Errors in an answer: kLocked, kDenied.
  virtual Result<std::vector<Status>> Delete(std::span<const std::string> names) = 0;

  virtual Capability capability() const = 0;
  virtual Domain domain() const { return {}; }
  // Where it is, for people: "file:///srv/fenchi/tokyo". Never a credential.
  virtual std::string location() const = 0;

  // Optional; the defaults answer kUnsupported.
  // Kept until then at least: a later date stays as it is.
  virtual Status ExtendRetention(std::string_view name, Timestamp until);
  // nullopt: the object is not retained. Errors: kNotFound.
  virtual Result<std::optional<Timestamp>> RetainedUntil(std::string_view name);
  virtual Status Warm(std::span<const std::string> names);
  virtual Result<Hash256> RemoteHash(std::string_view name);
  // Free space in bytes, where the place knows it.
  virtual Result<std::uint64_t> FreeSpaceBytes();
  // The place's own clock, where it tells it: to name a clock that is wrong, never for an order.
  virtual Result<Timestamp> PlaceTime();
};

enum class Verb { kPut, kGet, kStat, kList, kDelete };
inline constexpr std::size_t kVerbCount = 5;

// Passes every call on to the provider inside. For wrappers of your own: override what differs.
class FENCHI_EXPORT ProviderWrapper : public Provider {
 public:
  explicit ProviderWrapper(std::shared_ptr<Provider> inner);
  ~ProviderWrapper() override;

  Status Put(std::string_view name, Source& source, const PutOptions& options) override;
  Status Get(std::string_view name, std::uint64_t offset, MutableBytes out) override;
  Result<std::vector<std::optional<ObjectInfo>>> Stat(std::span<const std::string> names) override;
  Status List(std::string_view prefix, std::string_view after,
              const std::function<bool(const ObjectInfo&)>& entry) override;
  Result<std::vector<Status>> Delete(std::span<const std::string> names) override;
  Capability capability() const override;
  Domain domain() const override;
  std::string location() const override;
  Status ExtendRetention(std::string_view name, Timestamp until) override;
  Result<std::optional<Timestamp>> RetainedUntil(std::string_view name) override;
  Status Warm(std::span<const std::string> names) override;
  Result<Hash256> RemoteHash(std::string_view name) override;
  Result<std::uint64_t> FreeSpaceBytes() override;
  Result<Timestamp> PlaceTime() override;

 protected:
  Provider& inner() const { return *inner_; }

 private:
  std::shared_ptr<Provider> inner_;
};

// The whole object. Errors: as Get; kDamaged when it is longer than `size_bytes_max` (nothing that
// large is ever allocated).
FENCHI_EXPORT Result<Bytes> GetAll(Provider& provider, std::string_view name,
                                   std::uint64_t size_bytes_max);

// Errors: kInvalidArgument when `name` breaks the grammar above.
FENCHI_EXPORT Status CheckObjectName(std::string_view name);

// A directory, which is created (mode 0700) when its parent exists. Put writes to an unnamed or
// temporary file, syncs it, links it to its name (create-only) and syncs the folder. The object
// "a/b" is the file a/b, but "d/abcdef" is d/ab/abcdef, so that no folder grows too large. Symbolic
// links below the directory are never followed. A relative path is taken from the working directory
// of now. When the directory goes away later (unmounted, moved, deleted), every call answers
// kUnavailable, and no object is reported as absent.
struct LocalOptions {
  bool sync = true;  // false loses acknowledged objects on power loss: tests only
  Domain domain = {};
};
// Errors: kInvalidArgument for an empty path; kNotFound when the parent does not exist (is the disk
// mounted? Vault::Open does without places that are left out); kDenied; kUnavailable when the path
// is not a directory.
FENCHI_EXPORT Result<std::shared_ptr<Provider>> OpenLocalProvider(const std::string& directory,
                                                                  const LocalOptions& options = {});

// Objects in this process's memory: for tests, rehearsals and examples.
FENCHI_EXPORT std::shared_ptr<Provider> OpenMemoryProvider(const Domain& domain = {});

// `inner`, of which nothing can be changed: Put, Delete and ExtendRetention answer kDenied.
FENCHI_EXPORT std::shared_ptr<Provider> OpenReadOnlyProvider(std::shared_ptr<Provider> inner);

// The schemes that OpenProvider knows: "file", "memory" ...
FENCHI_EXPORT std::vector<std::string> ProviderSchemes();

// By URL: "file:///path" (RFC 8089; other characters as %XX), "memory:NAME" (NAME: an object name;
// one place for each NAME, for as long as the process lives), "s3://bucket/folder" (fenchi/s3.h),
// "azure://account/container/folder" (fenchi/azure.h), "gs://bucket/folder" (fenchi/gcs.h),
// "webdavs://host/folder" (fenchi/webdav.h), "sftp://user@host/directory" (fenchi/sftp.h),
// "courier:PATH" (fenchi/courier.h: a provider that no line reaches; opening it is kUnavailable, so
// that a vault does without it). Providers over HTTP: options stand behind '?', endpoints are
// https:// only unless "plain_text=allowed" is one of them, credentials are refused in a URL.
// Errors: kInvalidArgument for a malformed URL, kUnsupported for a scheme not built in.
FENCHI_EXPORT Result<std::shared_ptr<Provider>> OpenProvider(std::string_view url,
                                                             const Domain& domain = {});

}  // namespace fenchi
