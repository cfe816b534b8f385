// MapPut, MapPatch and FindPath.
#include "answers.h"

namespace busbar::combat {
namespace {

Fault read_map(const ::combat::MapPutRequest& message, ColumnReader& columns, const Limits& limits,
               std::variant<Grid, Graph>& out) {
  if ((message.grid() == nullptr) == (message.graph() == nullptr))
    return {Code::malformed, "a map is a grid or a graph; give exactly one of both"};
  if (const auto* grid = message.grid())
    return std::get<Grid>(out).assign(grid->width(), grid->height(), columns(grid->cells()), limits);
  const auto* from = message.graph();
  GraphColumns lanes;
  lanes.nodes = from->nodes();
  lanes.x = columns(from->x()), lanes.y = columns(from->y());
  lanes.source = columns(from->source()), lanes.target = columns(from->target()), lanes.cost = columns(from->cost());
  lanes.terrain = columns(from->terrain()), lanes.portal = columns(from->portal()),
  lanes.closed = columns(from->closed());
  if (!columns.aligned()) return {};
  out = Graph();
  return std::get<Graph>(out).assign(lanes, limits);
}

void answer_map(Answer& answer, uint64_t handle, const StoredMap& held) {
  auto& builder = answer.self().builder;
  builder.Clear();
  builder.Finish(::combat::CreateMapResponse(builder, handle, held.version, held.hash()));
  answer.send();
}

PathRequest read_request(const ::combat::FindPathRequest& message, ColumnReader& columns) {
  PathRequest request;
  request.start = columns(message.start()), request.end = columns(message.end());
  request.profile = static_cast<uint8_t>(message.profile()),
  request.algorithm = static_cast<uint8_t>(message.algorithm());
  request.costs_only = message.costs_only();
  if (const auto* constraints = message.constraints()) {
    request.closed_lanes = columns(constraints->closed_lanes()),
    request.avoid_nodes = columns(constraints->avoid_nodes());
    request.no_portals = constraints->no_portals(), request.max_cost = constraints->max_cost();
  }
  return request;
}

Fault check(const PathRequest& request, const Limits& limits) {
  if (request.start.size != request.end.size)
    return {Code::malformed, "end has " + std::to_string(request.end.size) + " values, start has " +
                                 std::to_string(request.start.size) + "; both have one length"};
  if (request.start.size > limits.items_max)
    return limit_exceeded("number of paths", request.start.size, limits.items_max);
  if (request.profile > 2)
    return {Code::unknown_name, "profile is " + std::to_string(request.profile) +
                                    ", which is no profile; they are 0 space, 1 ground, 2 hover"};
  if (request.algorithm > 3)
    return {Code::unknown_name, "algorithm is " + std::to_string(request.algorithm) +
                                    ", which is no algorithm; they are 0 "
                                    "automatic, 1 dijkstra, 2 astar, 3 jps"};
  if (!(request.max_cost >= 0 && request.max_cost <= 1e15))
    return out_of_range("constraints.max_cost", request.max_cost, "write a positive number, or 0 for no limit");
  return {};
}

}  // namespace

void answer_map_put(Answer& answer) {
  const auto* message = answer.read<::combat::MapPutRequest>();
  if (message == nullptr) return;
  Instance& self = answer.self();
  std::variant<Grid, Graph> content;
  StoredMap* held = nullptr;
  uint64_t handle = message->handle();
  ColumnReader columns;
  const Fault unread = read_map(*message, columns, self.config.limits, content);
  if (answer.refuses(columns)) return;
  if (unread) return answer.fail(unread);
  if (const Fault fault = self.store.put_map(handle, std::move(content), held)) return answer.fail(fault);
  answer_map(answer, handle, *held);
}

void answer_map_patch(Answer& answer) {
  const auto* message = answer.read<::combat::MapPatchRequest>();
  if (message == nullptr) return;
  StoredMap* held = nullptr;
  if (const Fault fault = answer.self().store.map(message->handle(), held)) return answer.fail(fault);
  if (message->version() != 0 && message->version() != held->version) {
    return answer.fail({Code::stale_id, "map " + std::to_string(message->handle()) + " has version " +
                                            std::to_string(held->version) + ", the request names " +
                                            std::to_string(message->version()) + "; read it again"});
  }
  ColumnReader columns;
  const GraphPatch lanes{columns(message->close()), columns(message->open()), columns(message->lanes()),
                         columns(message->costs())};
  const Column<uint32_t> cells = columns(message->cells());
  const Column<uint8_t> values = columns(message->values());
  if (answer.refuses(columns)) return;
  Fault fault;
  if (Grid* grid = std::get_if<Grid>(&held->map)) {
    if (lanes.close.size + lanes.open.size + lanes.lanes.size + lanes.costs.size > 0)
      fault = {Code::conflict, "the request names lanes; map " + std::to_string(message->handle()) +
                                   " is a grid, use cells and values"};
    else
      fault = grid->patch(cells, values);
  } else if (cells.size + values.size > 0) {
    fault = {Code::conflict, "the request names cells; map " + std::to_string(message->handle()) +
                                 " is a graph, use close, open, lanes and costs"};
  } else {
    fault = std::get<Graph>(held->map).patch(lanes);
  }
  if (fault) return answer.fail(fault);
  held->version += 1;
  answer_map(answer, message->handle(), *held);
}

void answer_find_path(Answer& answer) {
  const auto* message = answer.read<::combat::FindPathRequest>();
  if (message == nullptr) return;
  Instance& self = answer.self();
  StoredMap* held = nullptr;
  if (const Fault fault = self.store.map(message->handle(), held)) return answer.fail(fault);
  ColumnReader columns;
  const PathRequest request = read_request(*message, columns);
  if (answer.refuses(columns)) return;
  if (const Fault fault = check(request, self.config.limits)) return answer.fail(fault);
  PathResult& out = self.paths;
  const Workers workers = answer.workers();
  self.grid_searches.resize(std::max(workers.threads, 1u)), self.graph_searches.resize(std::max(workers.threads, 1u));
  Grid* const grid = std::get_if<Grid>(&held->map);
  const Fault fault =
      grid != nullptr ? grid->find(request, workers, self.grid_searches, out)
                      : std::get<Graph>(held->map).find(request, workers, self.config.limits, self.graph_searches, out);
  if (fault) return answer.fail(fault);

  // Items with a fault have cost 0 and no nodes.
  const size_t n = request.start.size;
  for (const ItemFault& item : out.faults) {
    Path& path = out.paths[item.item];
    path.cost = 0, path.straight = path.diagonal = 0;
    path.nodes.clear();
  }
  auto& builder = self.builder;
  builder.Clear();
  const auto errors = write_errors(builder, out.faults);
  size_t nodes_total = 0;
  for (size_t i = 0; i < n; i++) nodes_total += out.paths[i].nodes.size();
  const auto column = [&]<class T>(size_t size, T*& values) {
    if (size == 0) return flatbuffers::Offset<flatbuffers::Vector<T>>{};
    return flatbuffers::Offset<flatbuffers::Vector<T>>(
        builder.CreateUninitializedVector(size, sizeof(T), reinterpret_cast<uint8_t**>(&values)));
  };
  const auto member_column = [&]<class T>(T Path::*member) {
    T* values = nullptr;
    const auto vector = column(n, values);
    for (size_t i = 0; i < n; i++) values[i] = out.paths[i].*member;
    return vector;
  };
  uint32_t* to = nullptr;
  const auto nodes = column(nodes_total, to);
  for (size_t i = 0; i < n; i++) to = std::copy(out.paths[i].nodes.begin(), out.paths[i].nodes.end(), to);
  uint32_t* offset = nullptr;
  const auto offsets = column(n + 1, offset);
  offset[0] = 0;
  for (size_t i = 0; i < n; i++) offset[i + 1] = offset[i] + static_cast<uint32_t>(out.paths[i].nodes.size());
  const auto cost = member_column(&Path::cost);
  const auto straight = member_column(&Path::straight), diagonal = member_column(&Path::diagonal);
  const auto expanded = member_column(&Path::expanded);
  builder.Finish(::combat::CreateFindPathResponse(builder, cost, straight, diagonal, offsets, nodes, expanded, errors,
                                                  held->version));
  answer.send();
}

}  // namespace busbar::combat
