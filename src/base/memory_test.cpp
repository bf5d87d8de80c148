#include <doctest/doctest.h>

#include <string>

#include "base/arena.hpp"
#include "base/buffer.hpp"
#include "base/list.hpp"

namespace rankwire {
namespace {

TEST_CASE("what an arena gave stays where it is while the arena grows") {
  Arena arena;
  std::vector<std::string_view> copies;
  for (int i = 0; i < 20'000; ++i) copies.push_back(arena.copy("text " + std::to_string(i)));
  for (int i = 0; i < 20'000; ++i) REQUIRE(copies[static_cast<std::size_t>(i)] == "text " + std::to_string(i));
}

TEST_CASE("arena memory is aligned as asked") {
  Arena arena;
  for (int i = 0; i < 1000; ++i) {
    arena.copy("x");
    REQUIRE(reinterpret_cast<std::uintptr_t>(arena.allocate_array<std::uint64_t>(3)) % alignof(std::uint64_t) == 0);
  }
}

TEST_CASE("a reset arena keeps one block for reuse, but not a giant one") {
  Arena arena;
  for (int i = 0; i < 100; ++i) arena.allocate(100'000, 1);
  arena.reset();
  CHECK(arena.reserved_bytes() > 0);
  CHECK(arena.reserved_bytes() <= 2 * Arena::block_bytes_max);
  arena.allocate(64u << 20, 1);
  arena.reset();
  CHECK(arena.reserved_bytes() == 0);
}

TEST_CASE("growing a shared list leaves the elements it was made of alone") {
  Arena arena;
  List<int> original;
  for (int i = 0; i < 3; ++i) original.push(arena, i);
  List<int> view = List<int>::shared(original.data(), original.size());
  view.push(arena, 99);
  view[0] = -1;
  CHECK(original.size() == 3);
  CHECK(original[0] == 0);
  CHECK(view.size() == 4);
  CHECK(view[3] == 99);
}

TEST_CASE("erase keeps the order of the rest") {
  Arena arena;
  List<int> list;
  for (int i = 0; i < 5; ++i) list.push(arena, i);
  list.erase(1);
  list.erase(3);
  CHECK(std::vector<int>(list.begin(), list.end()) == std::vector<int>{0, 2, 3});
}

TEST_CASE("a shared buffer returns to its pool when the last holder lets go") {
  const auto pool = BufferPool::make(1 << 20);
  Buffer buffer = pool->take(1000);
  buffer.append("hello");
  const char* memory = buffer.data();
  SharedBytes first = pool->share(std::move(buffer));
  SharedBytes second = first;
  first.reset();
  CHECK(second->view() == "hello");
  second.reset();
  Buffer again = pool->take(1000);
  CHECK(again.data() == memory);
  CHECK(again.empty());
}

TEST_CASE("a pool keeps no more idle memory than it may") {
  const auto pool = BufferPool::make(100'000);
  for (int i = 0; i < 10; ++i) { SharedBytes a = pool->share(pool->take(60'000)), b = pool->share(pool->take(60'000)); }
  Buffer kept = pool->take(60'000), fresh = pool->take(60'000);
  CHECK(kept.capacity() >= 60'000);
  CHECK(fresh.capacity() >= 60'000);
}

TEST_CASE("buffers grow and shrink at the front") {
  Buffer buffer;
  for (int i = 0; i < 1000; ++i) buffer.append("0123456789");
  buffer.erase_front(9'990);
  CHECK(buffer.view() == "0123456789");
  buffer.erase_front(50);
  CHECK(buffer.empty());
}

}  // namespace
}  // namespace rankwire
