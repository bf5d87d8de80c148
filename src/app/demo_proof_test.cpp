#include "app/demo_proof.hpp"

#include <doctest/doctest.h>

#include <fstream>

#include "testing/temporary_directory.hpp"

namespace rankwire::app {
namespace {

TEST_CASE("the proof finds gaps, repetitions and readable customer ids, also across read steps") {
  const testing::TemporaryDirectory directory;
  {
    std::ofstream file(directory.file("a"));
    for (int number = 0; number < 60'000; ++number) {
      if (number == 41'220) continue;
      file << "some text customer_id=**** #rank=0 seq=" << number << "#\n";
    }
    file << "#rank=0 seq=7#\n#rank=1 seq=0#\ncustomer_id=123 \n";
  }
  const auto proof = read_demo_proof(directory.path());
  REQUIRE(proof.has_value());
  CHECK(proof->received == 60'000);
  CHECK(proof->missing == 1);
  CHECK(proof->repeated == 1);
  CHECK(proof->unmasked == 1);
  CHECK(proof->bytes > 2 << 20);
}

TEST_CASE("a missing destination is an error, not a proof") { CHECK(!read_demo_proof("/nonexistent").has_value()); }

}  // namespace
}  // namespace rankwire::app
