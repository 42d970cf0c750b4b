// SPDX-License-Identifier: Apache-2.0
#include "sonde/annotate/action.h"

namespace sonde {
namespace {

struct KindOf {
  std::string_view operator()(const PromptAction&) const { return "ask"; }
  std::string_view operator()(const ChooseAction&) const { return "choose"; }
  std::string_view operator()(const AcceptAction&) const { return "accept"; }
  std::string_view operator()(const DeleteAction&) const { return "delete"; }
  std::string_view operator()(const StrokeAction&) const { return "stroke"; }
  std::string_view operator()(const LassoAction&) const { return "lasso"; }
  std::string_view operator()(const RelabelAction&) const { return "label"; }
  std::string_view operator()(const NameAction&) const { return "name"; }
  std::string_view operator()(const LockAction& action) const {
    return action.lock == Lock::locked ? "lock" : "unlock";
  }
  std::string_view operator()(const MergeAction&) const { return "merge"; }
  std::string_view operator()(const SplitAction&) const { return "split"; }
  std::string_view operator()(const FillHolesAction&) const { return "fill_holes"; }
  std::string_view operator()(const DropSpecksAction&) const { return "drop_specks"; }
  std::string_view operator()(const EverythingAction&) const { return "everything"; }
  std::string_view operator()(const ImportAction&) const { return "import"; }
  std::string_view operator()(const UndoAction&) const { return "undo"; }
  std::string_view operator()(const RedoAction&) const { return "redo"; }
};

}  // namespace

std::string_view kind_of(const Action& action) { return std::visit(KindOf{}, action); }

}  // namespace sonde
