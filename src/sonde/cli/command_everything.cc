// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <iomanip>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "sonde/cli/command_line.h"
#include "sonde/cli/commands.h"
#include "sonde/cli/exit_status.h"
#include "sonde/cli/outputs.h"
#include "sonde/cli/shared_options.h"
#include "sonde/cli/standard_streams.h"
#include "sonde/cli/terminal.h"
#include "sonde/core/durable_file.h"
#include "sonde/core/error.h"
#include "sonde/core/json_text.h"
#include "sonde/core/stopwatch.h"
#include "sonde/evaluate/csv.h"
#include "sonde/io/write.h"
#include "sonde/predict/everything.h"

namespace sonde {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

struct EverythingCommand {
  std::string image, out, format = "png";
  bool json = false, force = false;
  EverythingOptions settings;
  ModelArguments model;
  PictureArguments picture;
};

void declare(CommandLine& line, EverythingCommand& command) {
  EverythingOptions& settings = command.settings;
  line.add("image", command.image, "A picture, volume, DICOM file or folder").required();
  line.add("--points-per-side", settings.points_per_side, "Side of the grid of points").show_default();
  line.add("--crop-layers", settings.crop_layers, "Look again at crops: layer n has 4^n").show_default();
  line.add("--crop-points-downscale", settings.crop_points_downscale,
           "Layer n's grid is coarser by this to the power n")
      .show_default();
  line.add("--pred-iou", settings.pred_iou_threshold, "Least predicted IoU").show_default();
  line.add("--stability", settings.stability_threshold, "Least stability score").show_default();
  line.add("--min-region", settings.min_region_area, "Fill holes and drop islands below this area in pixels")
      .show_default();
  declare_picture(line, command.picture);
  declare_model(line, command.model);
  line.add("--out", command.out, "Folder; default: IMAGE_everything in the current folder");
  line.add("--format", command.format, "png: a file a mask and metadata.csv; coco: annotations.json")
      .one_of({"png", "coco"})
      .show_default();
  line.add_flag("--force", command.force, "Replace the input, and files that sonde did not write, too");
  line.add_flag("--json", command.json, "Print one JSON object");
  line.footer(
      "Either way the folder gets overlay.png to look at.\nExample: sonde everything slide.png "
      "--points-per-side 16 --out slide/");
}

constexpr const char* kOverlay = "overlay.png";

std::string table_name(const EverythingCommand& command) {
  return command.format == "coco" ? "annotations.json" : "metadata.csv";
}

std::string mask_name(std::size_t index) {
  std::ostringstream name;
  name << "mask_" << std::setfill('0') << std::setw(4) << index + 1 << ".png";
  return name.str();
}

// A run into the folder of an earlier one leaves none of its masks among the new ones.
void remove_earlier_masks(const fs::path& folder, std::size_t keep) {
  for (std::size_t i = keep; is_own_file(folder / mask_name(i)); ++i) fs::remove(folder / mask_name(i));
}

std::vector<std::string> class_names(const SamModel& model) {
  std::vector<std::string> names;
  for (const CardClass& one : model.classes()) names.push_back(one.name);
  return names;
}

std::string metadata_csv(const std::vector<ScoredRle>& masks, const std::vector<std::string>& classes) {
  std::ostringstream csv;
  csv << "file,area_px,x0,y0,x1,y1,predicted_iou,stability_score,point_x,point_y,crop_x0,crop_y0,crop_x1,"
         "crop_y1"
      << (classes.empty() ? "" : ",class,class_iou") << '\n';
  for (std::size_t i = 0; i < masks.size(); ++i) {
    const ScoredRle& m = masks[i];
    csv << mask_name(i) << ',' << m.area_px << ',' << m.box.x0 << ',' << m.box.y0 << ',' << m.box.x1 << ','
        << m.box.y1 << ',' << m.predicted_iou << ',' << m.stability << ',' << m.point.x << ',' << m.point.y
        << ',' << m.crop_box.x0 << ',' << m.crop_box.y0 << ',' << m.crop_box.x1 << ',' << m.crop_box.y1;
    if (!classes.empty()) {
      std::string name;
      append_csv_field(name, m.class_name);
      csv << ',' << name << ',';
    }
    if (!m.class_name.empty()) csv << m.class_iou;
    csv << '\n';
  }
  return csv.str();
}

void write_masks(const EverythingCommand& command, const fs::path& folder, const LoadedPicture& picture,
                 const std::vector<ScoredRle>& masks, const std::vector<std::string>& classes) {
  create_parent(folder / "x");
  if (command.format == "coco") {
    write_durably(folder / table_name(command), coco_json(fs::path(command.image).filename().string(),
                                                          picture.image.extent, masks, classes));
  } else {
    for (std::size_t i = 0; i < masks.size(); ++i)
      write_mask_png(folder / mask_name(i), decode_rle(masks[i].rle));
    remove_earlier_masks(folder, masks.size());
    write_durably(folder / table_name(command), metadata_csv(masks, classes));
  }
}

// Every mask once, the largest beneath the small ones. Bounded: a picture of this many masks says nothing
// more.
void write_overlay(const fs::path& folder, const LoadedPicture& picture,
                   const std::vector<ScoredRle>& proposed) {
  constexpr std::size_t kMax = 200;
  std::vector<const ScoredRle*> order;
  for (const ScoredRle& m : proposed) order.push_back(&m);
  std::stable_sort(order.begin(), order.end(),
                   [](const auto* a, const auto* b) { return a->area_px > b->area_px; });
  if (order.size() > kMax) order.resize(kMax);
  std::vector<Mask> masks;
  for (const ScoredRle* m : order) masks.push_back(decode_rle(m->rle));
  write_png(folder / kOverlay, draw_overlay(picture.image, masks, {}));
}

Json to_json(const EverythingCommand& command, const fs::path& folder, const LoadedPicture& picture,
             const std::vector<ScoredRle>& proposed) {
  Json masks = Json::array();
  const auto box = [](Box2 b) { return Json{b.x0, b.y0, b.x1, b.y1}; };
  for (std::size_t i = 0; i < proposed.size(); ++i) {
    const ScoredRle& m = proposed[i];
    masks.push_back(
        {{"file", (folder / (command.format == "coco" ? table_name(command) : mask_name(i))).string()},
         {"predicted_iou", m.predicted_iou},
         {"stability_score", m.stability},
         {"area_px", m.area_px},
         {"box", box(m.box)},
         {"point", {m.point.x, m.point.y}},
         {"crop_box", box(m.crop_box)}});
    if (m.class_name.empty()) continue;
    masks.back()["class"] = m.class_name;
    masks.back()["class_iou"] = m.class_iou;
  }
  return {{"masks", masks},
          {"overlay", (folder / kOverlay).string()},
          {"window", describe(picture.window)},
          {"image", image_json(command.image, picture)}};
}

}  // namespace

int run_everything(Arguments args) {
  EverythingCommand command;
  CommandLine line("Propose masks of everything in an image", "sonde everything");
  declare(line, command);
  if (line.parse(args) == Parsed::helped) return kDone;
  validate(command.settings);
  Stopwatch watch;
  const fs::path folder =
      command.out.empty() ? fs::path(stem_of(command.image) + "_everything") : fs::path(command.out);
  OutputGuard guard({command.image, command.model.model}, command.force ? Existing::any : Existing::own_only);
  guard.claim(folder / table_name(command));
  guard.claim(folder / kOverlay);
  const LoadedPicture picture = load_picture(command.image, command.picture);
  const SamModel model = load_model(command.model);
  const double load_ms = watch.lap_ms();
  const auto masks = segment_everything(model, picture.image, command.settings, terminal_progress());
  const double segment_ms = watch.lap_ms();
  if (masks.empty()) complain(command.image + ": no mask: nothing is as sure and stable as is asked for");
  for (std::size_t i = 0; command.format == "png" && i < masks.size(); ++i)
    guard.claim(folder / mask_name(i));
  write_masks(command, folder, picture, masks, class_names(model));
  write_overlay(folder, picture, masks);
  if (command.json) {
    Json json = to_json(command, folder, picture, masks);
    json["model"] = {
        {"name", model.name()}, {"architecture", model.architecture()}, {"sha256", model.sha256()}};
    json["timing_ms"] = {{"load", load_ms}, {"segment", segment_ms}, {"post", watch.lap_ms()}};
    std::cout << json_text(json) << '\n';
    return kDone;
  }
  std::cout << escaped_on_one_line(command.image) << ": " << masks.size() << " masks in " << std::fixed
            << std::setprecision(1) << segment_ms / 1000 << " s, window " << describe(picture.window) << '\n'
            << "  " << folder.string() << ": masks, overlay.png\n";
  return kDone;
}

}  // namespace sonde
