#include <algorithm>
#include <atomic>
#include <filesystem>
#include <list>
#include <map>
#include <mutex>
#include <utility>

#include "base/error.h"
#include "fenchi/provider_wrappers.h"
#include "storage/piece_store.h"

namespace fenchi {
namespace {

// A temporary file that old belongs to nobody any more.
constexpr auto kLeftoverAge = std::chrono::hours(1);

// Which pieces are kept, and which one goes next. Touches no piece itself.
class PieceOrder {
 public:
  explicit PieceOrder(std::uint64_t bytes_max) : bytes_max_(bytes_max) {}

  void Used(const PieceKey& key) {
    const std::lock_guard lock(mutex_);
    const auto at = places_.find(key);
    if (at != places_.end()) order_.splice(order_.end(), order_, at->second);
  }
  // Adds or renews `key`; the answer are those that must go for it.
  std::vector<PieceKey> Added(const PieceKey& key) {
    const std::lock_guard lock(mutex_);
    Forget(key);
    places_[key] = order_.insert(order_.end(), key);
    bytes_ += key.size_bytes;
    std::vector<PieceKey> gone;
    while (bytes_ > bytes_max_ && !order_.empty()) {
      gone.push_back(order_.front());
      Forget(gone.back());
    }
    return gone;
  }
  std::vector<PieceKey> RemoveAllOf(std::string_view name) {
    const std::lock_guard lock(mutex_);
    std::vector<PieceKey> gone;
    for (auto at = places_.lower_bound(PieceKey{std::string(name)});
         at != places_.end() && at->first.name == name; ++at) {
      gone.push_back(at->first);
    }
    for (const PieceKey& key : gone) Forget(key);
    return gone;
  }

 private:
  void Forget(const PieceKey& key) {
    const auto at = places_.find(key);
    if (at == places_.end()) return;
    bytes_ -= key.size_bytes;
    order_.erase(at->second);
    places_.erase(at);
  }

  std::mutex mutex_;
  const std::uint64_t bytes_max_;
  std::uint64_t bytes_ = 0;
  std::list<PieceKey> order_;  // the next to go first
  std::map<PieceKey, std::list<PieceKey>::iterator> places_;
};

class CachedProvider final : public ProviderWrapper {
 public:
  CachedProvider(std::shared_ptr<Provider> inner, const CacheOptions& options,
                 std::unique_ptr<PieceStore> store)
      : ProviderWrapper(std::move(inner)),
        options_(options),
        store_(std::move(store)),
        order_(options.bytes_max) {}

  // A piece that was there before this process began, the oldest first.
  void Found(const PieceKey& key) { RemovePieces(order_.Added(key)); }

  Status Get(std::string_view name, std::uint64_t offset, MutableBytes out) override {
    const bool fits = !out.empty() && out.size() <= options_.piece_bytes_max &&
                      out.size() <= options_.bytes_max && CheckObjectName(name).ok();
    if (!fits) return inner().Get(name, offset, out);
    const PieceKey key{std::string(name), offset, out.size()};
    if (store_->Load(key, out)) {
      order_.Used(key);
      return Status::Ok();
    }
    const std::uint64_t changes = changes_;
    FENCHI_RETURN_IF_ERROR(inner().Get(name, offset, out));
    if (changes == changes_) {  // else it may be what was there before a change
      store_->Keep(key, out);
      RemovePieces(order_.Added(key));
      // A change that began meanwhile may have looked before the piece was there.
      if (changes != changes_) RemovePieces(order_.RemoveAllOf(name));
    }
    return Status::Ok();
  }
  Status Put(std::string_view name, Source& source, const PutOptions& options) override {
    if (!options.replace) return inner().Put(name, source, options);
    const Changing changing(*this, {&name, 1});
    return inner().Put(name, source, options);
  }
  Result<std::vector<Status>> Delete(std::span<const std::string> names) override {
    const std::vector<std::string_view> views(names.begin(), names.end());
    const Changing changing(*this, views);
    return inner().Delete(names);
  }

 private:
  // While names are replaced or deleted nothing new is kept, and nothing of them before or after.
  class Changing {
   public:
    Changing(CachedProvider& cache, std::span<const std::string_view> names)
        : cache_(cache), names_(names.begin(), names.end()) {
      Drop();
    }
    ~Changing() { Drop(); }
    Changing(const Changing&) = delete;
    Changing& operator=(const Changing&) = delete;

   private:
    void Drop() {
      ++cache_.changes_;
      for (const std::string_view name : names_) {
        cache_.RemovePieces(cache_.order_.RemoveAllOf(name));
      }
    }
    CachedProvider& cache_;
    std::vector<std::string_view> names_;
  };

  void RemovePieces(const std::vector<PieceKey>& gone) {
    for (const PieceKey& key : gone) store_->Remove(key);
  }

  CacheOptions options_;
  std::unique_ptr<PieceStore> store_;
  PieceOrder order_;
  std::atomic<std::uint64_t> changes_ = 0;
};

// What lies in the directory, oldest first; leftovers of a process that died are removed.
std::vector<PieceKey> PiecesIn(const std::string& directory) {
  namespace fs = std::filesystem;
  std::vector<std::pair<fs::file_time_type, PieceKey>> found;
  std::error_code error;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    std::error_code ignored;
    const std::string file = at->path().filename().string();
    const fs::file_time_type written = at->last_write_time(ignored);
    const std::optional<PieceKey> key = KeyOfFileName(file);
    if (key.has_value()) found.emplace_back(written, *key);
    const bool is_old = written < fs::file_time_type::clock::now() - kLeftoverAge;
    if (file.starts_with('.') && is_old) fs::remove(at->path(), ignored);
  }
  std::ranges::sort(found);
  std::vector<PieceKey> out;
  for (auto& [time, key] : found) out.push_back(std::move(key));
  return out;
}

}  // namespace

Result<std::shared_ptr<Provider>> OpenCachedProvider(std::shared_ptr<Provider> inner,
                                                     const CacheOptions& options) {
  if (options.directory.empty()) {
    return std::shared_ptr<Provider>(
        std::make_shared<CachedProvider>(std::move(inner), options, MakeMemoryPieceStore()));
  }
  std::error_code error;
  if (std::filesystem::create_directories(options.directory, error)) {
    std::filesystem::permissions(options.directory, std::filesystem::perms::owner_all, error);
  }
  if (error) {
    return ErrnoStatus(error.value(), "making the read cache " + options.directory);
  }
  auto store = MakeFolderPieceStore(options.directory, inner->location());
  auto cached = std::make_shared<CachedProvider>(std::move(inner), options, std::move(store));
  for (const PieceKey& key : PiecesIn(options.directory)) cached->Found(key);
  return std::shared_ptr<Provider>(std::move(cached));
}

}  // namespace fenchi
