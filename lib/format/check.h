// Order and distinctness of what objects list.
#pragma once

#include <algorithm>
#include <functional>
#include <vector>

namespace fenchi::format {

// Whether no two items have equal keys, in any order.
template <typename Item, typename Projection>
bool AllDistinct(const std::vector<Item>& items, Projection key) {
  std::vector<std::decay_t<std::invoke_result_t<Projection, const Item&>>> keys;
  keys.reserve(items.size());
  for (const Item& item : items) keys.push_back(std::invoke(key, item));
  std::sort(keys.begin(), keys.end());
  return std::adjacent_find(keys.begin(), keys.end()) == keys.end();
}

// Whether each item's key is greater than the one before.
template <typename Item, typename Projection>
bool Ascending(const std::vector<Item>& items, Projection key) {
  for (std::size_t i = 1; i < items.size(); ++i) {
    if (!(std::invoke(key, items[i - 1]) < std::invoke(key, items[i]))) return false;
  }
  return true;
}

}  // namespace fenchi::format
