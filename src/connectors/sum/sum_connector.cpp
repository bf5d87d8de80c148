#include "connectors/sum/sum_connector.hpp"

#include "component/tally_connector.hpp"

namespace rankwire::sum {
namespace {

struct SumConfig {
  static constexpr const char* scope_name = "";

  void fields(config::Fields& f) { f.squash(metrics); }

  ottl::TallyConfig<true> metrics;
};

}  // namespace

ConnectorFactory sum_factory() {
  return tally_factory<SumConfig>("sum", "Adds up an attribute of records as metrics.");
}

}  // namespace rankwire::sum
