// Builds the table of message shapes at compile time.
#include "otlp/shapes.hpp"

#include <initializer_list>

namespace rankwire::otlp {

namespace {

struct Row {
  field::Number number;
  Action action;
  Message inside = Message::count_of_messages;
};

constexpr WireType wire_type_of(Action action) {
  switch (action) {
    case Action::varint: return WireType::varint;
    case Action::fixed64: return WireType::fixed64;
    case Action::fixed32: return WireType::fixed32;
    default: return WireType::length;
  }
}

constexpr Shape shape(std::initializer_list<Row> rows) {
  Shape result;
  for (std::uint32_t tag = 8; tag < shape_tags; ++tag)
    // Both cases spelled out: g++ 12 forgets the default of elements that a constant evaluation skips.
    result.by_tag[tag] = {(tag & 7) <= 5 ? static_cast<Action>(tag & 7) : Action::malformed_tag};
  for (const Row& row : rows) {
    for (std::uint32_t type = 0; type <= 5; ++type) result.by_tag[row.number << 3 | type] = {Action::wrong_type};
    result.by_tag[tag_of(row.number, wire_type_of(row.action))] = {row.action, row.inside};
    // Packed numbers may also come one by one.
    if (row.action == Action::packed_varint) result.by_tag[varint_tag(row.number)] = {Action::varint};
    if (row.action == Action::packed_fixed64) result.by_tag[fixed64_tag(row.number)] = {Action::fixed64};
  }
  return result;
}

using enum Action;
using M = Message;
using Shapes = std::array<Shape, static_cast<std::size_t>(M::count_of_messages)>;

constexpr Shape& at(Shapes& all, Message which) { return all[static_cast<std::size_t>(which)]; }

constexpr void add_groups(Shapes& all) {
  constexpr M requests[] = {M::log_request, M::metric_request, M::trace_request};
  constexpr M resources[] = {M::log_resource, M::metric_resource, M::trace_resource};
  constexpr M scopes[] = {M::log_scope, M::metric_scope, M::trace_scope};
  constexpr Row records[] = {{field::scope_group::records, record, M::log_record},
                             {field::scope_group::records, message, M::metric},
                             {field::scope_group::records, record, M::span}};
  for (int i = 0; i < 3; ++i) {
    at(all, requests[i]) = shape({{field::request::resources, message, resources[i]}});
    at(all, resources[i]) = shape({{field::resource_group::resource, message, M::resource},
                                   {field::resource_group::scopes, message, scopes[i]},
                                   {field::resource_group::schema_url, bytes}});
    at(all, scopes[i]) =
        shape({{field::scope_group::scope, message, M::scope}, records[i], {field::scope_group::schema_url, bytes}});
  }
}

constexpr void add_common(Shapes& all) {
  namespace f = field;
  at(all, M::resource) = shape({{f::resource::attributes, message, M::key_value},
                                {f::resource::dropped_attributes, varint},
                                {f::resource::entities, message, M::entity}});
  at(all, M::entity) = shape({{f::entity::schema_url, bytes},
                              {f::entity::type, bytes},
                              {f::entity::id_keys, bytes},
                              {f::entity::description_keys, bytes}});
  at(all, M::scope) = shape({{f::scope::name, bytes},
                             {f::scope::version, bytes},
                             {f::scope::attributes, message, M::key_value},
                             {f::scope::dropped_attributes, varint}});
  at(all, M::key_value) = shape({{f::key_value::key, bytes}, {f::key_value::value, message, M::value}});
  at(all, M::value) = shape({{f::value::text, bytes},
                             {f::value::boolean, varint},
                             {f::value::integer, varint},
                             {f::value::real, fixed64},
                             {f::value::array, message, M::array},
                             {f::value::map, message, M::map},
                             {f::value::bytes, bytes}});
  at(all, M::array) = shape({{f::list::items, message, M::value}});
  at(all, M::map) = shape({{f::list::items, message, M::key_value}});
}

constexpr void add_logs(Shapes& all) {
  namespace f = field::log_record;
  at(all, M::log_record) = shape({{f::time, fixed64},
                                  {f::severity_number, varint},
                                  {f::severity_text, bytes},
                                  {f::body, message, M::value},
                                  {f::attributes, message, M::key_value},
                                  {f::dropped_attributes, varint},
                                  {f::flags, fixed32},
                                  {f::trace_id, trace_id},
                                  {f::span_id, span_id},
                                  {f::observed_time, fixed64},
                                  {f::event_name, bytes}});
}

constexpr void add_traces(Shapes& all) {
  namespace f = field;
  at(all, M::span) = shape({{f::span::trace_id, trace_id},
                            {f::span::span_id, span_id},
                            {f::span::trace_state, bytes},
                            {f::span::parent_span_id, span_id},
                            {f::span::name, bytes},
                            {f::span::kind, varint},
                            {f::span::start_time, fixed64},
                            {f::span::end_time, fixed64},
                            {f::span::attributes, message, M::key_value},
                            {f::span::dropped_attributes, varint},
                            {f::span::events, message, M::event},
                            {f::span::dropped_events, varint},
                            {f::span::links, message, M::link},
                            {f::span::dropped_links, varint},
                            {f::span::status, message, M::status},
                            {f::span::flags, fixed32}});
  at(all, M::event) = shape({{f::event::time, fixed64},
                             {f::event::name, bytes},
                             {f::event::attributes, message, M::key_value},
                             {f::event::dropped_attributes, varint}});
  at(all, M::link) = shape({{f::link::trace_id, trace_id},
                            {f::link::span_id, span_id},
                            {f::link::trace_state, bytes},
                            {f::link::attributes, message, M::key_value},
                            {f::link::dropped_attributes, varint},
                            {f::link::flags, fixed32}});
  at(all, M::status) = shape({{f::status::message, bytes}, {f::status::code, varint}});
}

constexpr void add_metrics(Shapes& all) {
  namespace f = field;
  at(all, M::metric) = shape({{f::metric::name, bytes},
                              {f::metric::description, bytes},
                              {f::metric::unit, bytes},
                              {f::metric::gauge, metric_data, M::gauge},
                              {f::metric::sum, metric_data, M::sum},
                              {f::metric::histogram, metric_data, M::histogram},
                              {f::metric::exponential_histogram, metric_data, M::exponential_histogram},
                              {f::metric::summary, metric_data, M::summary},
                              {f::metric::metadata, message, M::key_value}});
  at(all, M::gauge) = shape({{f::data::points, record, M::number_point}});
  at(all, M::sum) = shape(
      {{f::data::points, record, M::number_point}, {f::data::temporality, varint}, {f::data::is_monotonic, varint}});
  at(all, M::histogram) = shape({{f::data::points, record, M::histogram_point}, {f::data::temporality, varint}});
  at(all, M::exponential_histogram) =
      shape({{f::data::points, record, M::exponential_point}, {f::data::temporality, varint}});
  at(all, M::summary) = shape({{f::data::points, record, M::summary_point}});
  at(all, M::buckets) = shape({{f::buckets::offset, varint}, {f::buckets::counts, packed_varint}});
  at(all, M::quantile) = shape({{f::quantile::quantile, fixed64}, {f::quantile::value, fixed64}});
  at(all, M::exemplar) = shape({{f::exemplar::time, fixed64},
                                {f::exemplar::real, fixed64},
                                {f::exemplar::span_id, span_id},
                                {f::exemplar::trace_id, trace_id},
                                {f::exemplar::integer, fixed64},
                                {f::exemplar::filtered_attributes, message, M::key_value}});
}

constexpr void add_points(Shapes& all) {
  namespace f = field;
  at(all, M::number_point) = shape({{f::number_point::start_time, fixed64},
                                    {f::number_point::time, fixed64},
                                    {f::number_point::real, fixed64},
                                    {f::number_point::exemplars, message, M::exemplar},
                                    {f::number_point::integer, fixed64},
                                    {f::number_point::attributes, message, M::key_value},
                                    {f::number_point::flags, varint}});
  at(all, M::histogram_point) = shape({{f::histogram_point::start_time, fixed64},
                                       {f::histogram_point::time, fixed64},
                                       {f::histogram_point::count, fixed64},
                                       {f::histogram_point::sum, fixed64},
                                       {f::histogram_point::bucket_counts, packed_fixed64},
                                       {f::histogram_point::explicit_bounds, packed_fixed64},
                                       {f::histogram_point::exemplars, message, M::exemplar},
                                       {f::histogram_point::attributes, message, M::key_value},
                                       {f::histogram_point::flags, varint},
                                       {f::histogram_point::min, fixed64},
                                       {f::histogram_point::max, fixed64}});
  at(all, M::exponential_point) = shape({{f::exponential_point::attributes, message, M::key_value},
                                         {f::exponential_point::start_time, fixed64},
                                         {f::exponential_point::time, fixed64},
                                         {f::exponential_point::count, fixed64},
                                         {f::exponential_point::sum, fixed64},
                                         {f::exponential_point::scale, varint},
                                         {f::exponential_point::zero_count, fixed64},
                                         {f::exponential_point::positive, message, M::buckets},
                                         {f::exponential_point::negative, message, M::buckets},
                                         {f::exponential_point::flags, varint},
                                         {f::exponential_point::exemplars, message, M::exemplar},
                                         {f::exponential_point::min, fixed64},
                                         {f::exponential_point::max, fixed64},
                                         {f::exponential_point::zero_threshold, fixed64}});
  at(all, M::summary_point) = shape({{f::summary_point::start_time, fixed64},
                                     {f::summary_point::time, fixed64},
                                     {f::summary_point::count, fixed64},
                                     {f::summary_point::sum, fixed64},
                                     {f::summary_point::quantiles, message, M::quantile},
                                     {f::summary_point::attributes, message, M::key_value},
                                     {f::summary_point::flags, varint}});
}

constexpr Shapes make_shapes() {
  Shapes all;
  add_groups(all);
  add_common(all);
  add_logs(all);
  add_traces(all);
  add_metrics(all);
  add_points(all);
  return all;
}

}  // namespace

constexpr Shapes shapes = make_shapes();

}  // namespace rankwire::otlp
