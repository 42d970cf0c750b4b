// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <string_view>

#include "sonde/annotate/limits.h"
#include "sonde/annotate/project.h"
#include "sonde/annotate/text_rules.h"
#include "sonde/core/error.h"
#include "sonde/core/json_fields.h"
#include "sonde/core/text.h"

namespace sonde {
namespace {

constexpr std::int32_t kMaxValue = 65535;

// Okabe and Ito's seven, told apart by colour-blind people too, then as many that differ from them.
constexpr std::array<std::string_view, 14> kPalette{"#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2",
                                                    "#d55e00", "#cc79a7", "#7f3c8d", "#80ba5a", "#a5aa99",
                                                    "#b497e7", "#6e4b2a", "#11d8d8", "#ff6f91"};
constexpr std::string_view kShortcuts = "1234567890";

std::string next_colour(const std::vector<Label>& labels) {
  for (const std::string_view colour : kPalette) {
    if (std::ranges::find(labels, colour, &Label::colour) == labels.end()) return std::string(colour);
  }
  return std::string(kPalette[labels.size() % kPalette.size()]);
}

std::string next_shortcut(const std::vector<Label>& labels) {
  for (const char digit : kShortcuts) {
    if (std::ranges::find(labels, std::string(1, digit), &Label::shortcut) == labels.end())
      return std::string(1, digit);
  }
  return "";
}

std::int32_t next_value(const std::vector<Label>& labels) {
  for (std::int32_t value = 1; value <= kMaxValue; ++value) {
    if (std::ranges::find(labels, value, &Label::value) == labels.end()) return value;
  }
  throw Error(ErrorKind::conflict, "a project has at most 65535 labels");
}

const Label& find_label(const std::vector<Label>& labels, LabelId id) {
  const auto found = std::ranges::find(labels, id, &Label::id);
  if (found == labels.end()) throw Error(ErrorKind::usage, "there is no label " + std::to_string(id));
  return *found;
}

std::string edit_to_json(LabelId id, const LabelEdit& edit) {
  Json json = to_json<Layout::stored>(edit);
  json["label"] = id;
  return json_text(json);
}

Label label_of(SQLite::Statement& row) {
  return {row.getColumn(0).getInt64(),  row.getColumn(1).getString(), row.getColumn(2).getString(),
          row.getColumn(3).getString(), row.getColumn(4).getInt(),    row.getColumn(5).getInt64()};
}

void save(SQLite::Database& database, const Label& label) {
  SQLite::Statement row(
      database,
      "INSERT INTO labels(id, name, colour, shortcut, value, deleted) VALUES(?, ?, ?, ?, ?, 0) "
      "ON CONFLICT(id) DO UPDATE SET name = excluded.name, colour = excluded.colour, "
      "shortcut = excluded.shortcut, value = excluded.value, deleted = 0");
  row.bind(1, label.id);
  row.bind(2, label.name);
  row.bind(3, label.colour);
  row.bind(4, label.shortcut);
  row.bind(5, label.value);
  row.exec();
}

}  // namespace

std::vector<Label> Project::labels() const {
  return locked([&] {
    SQLite::Statement row(
        database_.connection(),
        "SELECT id, name, colour, shortcut, value, (SELECT count(*) FROM objects WHERE label = "
        "labels.id) FROM labels WHERE NOT deleted ORDER BY id");
    std::vector<Label> list;
    while (row.executeStep()) list.push_back(label_of(row));
    return list;
  });
}

std::set<LabelId> Project::all_labels() const {
  SQLite::Statement row(database_.connection(), "SELECT id FROM labels");
  std::set<LabelId> ids;
  while (row.executeStep()) ids.insert(row.getColumn(0).getInt64());
  return ids;
}

std::set<LabelId> Project::active_labels() const {
  SQLite::Statement row(database_.connection(), "SELECT id FROM labels WHERE NOT deleted");
  std::set<LabelId> ids;
  while (row.executeStep()) ids.insert(row.getColumn(0).getInt64());
  return ids;
}

void Project::check_label(const LabelEdit& edit, std::optional<LabelId> except) const {
  if (edit.name) {
    if (checked_length(*edit.name, "the name of a label", kLimits.name_characters) == 0 ||
        edit.name->find_first_not_of(' ') == std::string::npos)
      throw Error(ErrorKind::usage, "a label needs a name");
  }
  if (edit.shortcut) checked_length(*edit.shortcut, "the shortcut of a label", 1);
  for (const Label& label : labels()) {
    if (label.id == except) continue;
    if (edit.name && *edit.name == label.name)
      throw Error(ErrorKind::usage, "there is a label \"" + label.name + "\" already");
    if (edit.shortcut && !edit.shortcut->empty() && *edit.shortcut == label.shortcut) {
      throw Error(ErrorKind::usage,
                  "\"" + label.shortcut + "\" is the shortcut of \"" + label.name + "\" already");
    }
  }
}

std::vector<Label> Project::add_label(const LabelEdit& edit) {
  return locked([&] {
    if (!edit.name) throw Error(ErrorKind::usage, "a label needs a name");
    check_label(edit, std::nullopt);
    const std::vector<Label> list = labels();
    const std::set<LabelId> all = all_labels();
    Label label;
    label.id = all.empty() ? 1 : *all.rbegin() + 1;
    label.name = *edit.name;
    label.colour = edit.colour ? checked_colour(*edit.colour) : next_colour(list);
    label.shortcut = edit.shortcut ? *edit.shortcut : next_shortcut(list);
    label.value = next_value(list);
    std::optional<Label> moved;  // it gives up the value
    if (edit.value && *edit.value >= 1 && *edit.value <= kMaxValue) {
      const auto holder = std::ranges::find(list, *edit.value, &Label::value);
      if (holder != list.end() && holder->objects == 0) {
        moved = *holder;
        moved->value = label.value;
      }
      if (holder == list.end() || moved) label.value = *edit.value;
    }
    note(std::nullopt, "add_label", edit_to_json(label.id, edit), [&] {
      if (moved) save(database_.connection(), *moved);
      save(database_.connection(), label);
    });
    return labels();
  });
}

std::vector<Label> Project::edit_label(LabelId id, const LabelEdit& edit) {
  return locked([&] {
    Label label = find_label(labels(), id);
    check_label(edit, id);
    if (edit.name) label.name = *edit.name;
    if (edit.colour) label.colour = checked_colour(*edit.colour);
    if (edit.shortcut) label.shortcut = *edit.shortcut;
    note(std::nullopt, "edit_label", edit_to_json(id, edit), [&] { save(database_.connection(), label); });
    return labels();
  });
}

std::vector<Label> Project::delete_label(LabelId id) {
  return locked([&] {
    const Label label = find_label(labels(), id);
    if (label.objects > 0) {
      throw Error(ErrorKind::conflict,
                  "label \"" + label.name + "\" is carried by " + counted(label.objects, "object"));
    }
    note(std::nullopt, "delete_label", edit_to_json(id, {}), [&] {
      SQLite::Statement row(database_.connection(), "UPDATE labels SET deleted = 1 WHERE id = ?");
      row.bind(1, id);
      row.exec();
    });
    return labels();
  });
}

// Undo may bring back an object whose label has been deleted meanwhile: the label comes back with it, under
// another name, value or shortcut where they have been given away.
void Project::restore_labels(const std::vector<ObjectChange>& changes) {
  std::vector<Label> active = labels();
  for (const ObjectChange& change : changes) {
    if (!change.after || !change.after->object.label) continue;
    const LabelId id = *change.after->object.label;
    if (std::ranges::find(active, id, &Label::id) != active.end()) continue;
    SQLite::Statement row(database_.connection(),
                          "SELECT id, name, colour, shortcut, value, 0 FROM labels WHERE id = ?");
    row.bind(1, id);
    if (!row.executeStep())
      throw Error(ErrorKind::corrupt_data, database_.file().string() + ": an object's label is not there");
    Label label = label_of(row);
    const std::string name = label.name;
    for (int n = 2; std::ranges::find(active, label.name, &Label::name) != active.end(); ++n)
      label.name = name + " (" + std::to_string(n) + ")";
    if (std::ranges::find(active, label.value, &Label::value) != active.end())
      label.value = next_value(active);
    if (std::ranges::find(active, label.shortcut, &Label::shortcut) != active.end()) label.shortcut = "";
    row.reset();
    save(database_.connection(), label);
    active.push_back(label);
  }
}

Overlap Project::overlap() const {
  return locked([&] {
    const std::string text =
        database_.connection().execAndGet("SELECT value FROM settings WHERE key = 'overlap'").getString();
    if (const auto overlap = from_word<Overlap>(text)) return *overlap;
    throw Error(ErrorKind::corrupt_data, database_.file().string() + ": an overlap rule \"" + text + "\"");
  });
}

void Project::set_overlap(Overlap overlap) {
  locked([&] {
    if (overlap == this->overlap()) return;
    const std::string text(to_string(overlap));
    note(std::nullopt, "settings", json_text(Json{{"overlap", text}}), [&] {
      SQLite::Statement row(database_.connection(), "UPDATE settings SET value = ? WHERE key = 'overlap'");
      row.bind(1, text);
      row.exec();
    });
  });
}

}  // namespace sonde
