"""From statements to values."""

from __future__ import annotations

import difflib
from decimal import DecimalException, Overflow, localcontext
from typing import Callable, Iterator, NamedTuple, Sequence

from polykernel_calc import functions as _functions
from polykernel_calc.arithmetic import (
    decimal,
    divide,
    integer,
    multiply,
    negate,
    number,
    real,
)
from polykernel_calc.errors import CalcError, limit_error, math_error, type_error
from polykernel_calc.functions.conversion import by_parts
from polykernel_calc.gamma import double_fact, fact, gamma_work
from polykernel_calc.limits import (
    MAX_ITEMS,
    MAX_PRECISION,
    MAX_TERMS,
    Limits,
    Meter,
)
from polykernel_calc.nodes import (
    Assign,
    Binary,
    Call,
    Comparison,
    Define,
    Delete,
    Evaluate,
    Items,
    Literal,
    Logic,
    Name,
    Node,
    Postfix,
    Prefix,
)
from polykernel_calc.operations import Operations, holds
from polykernel_calc.registry import CONSTANTS, FUNCTIONS, known_names
from polykernel_calc.session import Session, UserFunction
from polykernel_calc.transcendental import pi, square_root
from polykernel_calc.values import MAX_EXPONENT, FullDecimal, Number, Value, context, kind

__all__ = ["Frame", "Interpreter"]

assert _functions  # imported for what it enters into the registry


class Frame(NamedTuple):
    """Where an expression is evaluated.

    Attributes:
        source: The text that its spans point into.
        where: The call that it belongs to, or an empty string for the cell itself.
        locals: Parameters and running indices by name.
    """

    source: str
    where: str
    locals: dict[str, Value]


class Interpreter:
    """Evaluates the code of one cell, in a session.

    Owns the meter of the cell; the session's names change as statements run.
    """

    def __init__(self, session: Session, limits: Limits | None = None) -> None:
        self._session = session
        self._meter = Meter(limits or Limits())
        self._operations = Operations(self._meter)
        self._handlers: dict[type, Callable[..., Value]] = {
            Literal: self._literal,
            Name: self._name,
            Prefix: self._prefix,
            Postfix: self._postfix,
            Binary: self._binary,
            Comparison: self._comparison,
            Logic: self._logic,
            Call: self._call,
            Items: self._items,
        }
        self._forms: dict[str, Callable[[Call, Frame], Value]] = {
            "if": self._if,
            "sum": self._sum,
            "product": self._product,
            "list": self._list,
            "approx": self._approx,
        }

    # statements

    def run(self, action: Evaluate | Assign | Define | Delete, source: str) -> Value | None:
        """Run one statement.

        Args:
            action: The statement.
            source: The text of the cell.

        Returns:
            Its value, if it has one.

        Raises:
            CalcError: It went wrong.
        """
        frame = Frame(source, "", {})
        if isinstance(action, Evaluate):
            value = self.value(action.expression, frame)
            self._session.ans = value
            return value
        if isinstance(action, Assign):
            self._refuse_own(action, frame)
            value = self.value(action.expression, frame)
            self._session.names[action.name] = value
            self._session.ans = value
            return value
        if isinstance(action, Define):
            self._define(action, frame)
        else:
            self._delete(action, frame)
        return None

    def value(self, node: Node, frame: Frame) -> Value:
        """Give the value of an expression, in a decimal context of its own.

        Raises:
            CalcError: It has none.
        """
        with localcontext(context()):
            try:
                return self._evaluate(node, frame)
            except RecursionError:
                error = limit_error("this is nested too deeply")
                error.locate(frame.source, node.span, frame.where)
                raise error from None

    def _refuse_own(self, action: Assign | Define, frame: Frame) -> None:
        name = action.name
        if name == "ans":
            error = type_error("ans is the last result and cannot be assigned")
        elif name == "if":
            error = type_error("if is part of the language and cannot be a name of yours")
        elif isinstance(action, Define) and name in FUNCTIONS:
            error = type_error(f"{name} is built in; to compare its value, write ==")
        else:
            return
        error.locate(frame.source, action.span, frame.where)
        raise error

    def _define(self, action: Define, frame: Frame) -> None:
        self._refuse_own(action, frame)
        self._session.names[action.name] = UserFunction(
            action.name, action.parameters, action.body, action.text, frame.source
        )

    def _delete(self, action: Delete, frame: Frame) -> None:
        for each in action.names:
            if each.name not in self._session.names:
                error = CalcError("NameError", f"there is no variable or function {each.name}")
                error.locate(frame.source, each.span, frame.where)
                raise error
        for each in action.names:
            self._session.names.pop(each.name, None)

    # expressions

    def _evaluate(self, node: Node, frame: Frame) -> Value:
        meter = self._meter
        try:
            meter.enter()
            return self._handlers[type(node)](node, frame)
        except CalcError as error:
            error.locate(frame.source, node.span, frame.where)
            raise
        except DecimalException as error:
            raise self._decimal_error(error, node, frame) from None
        finally:
            meter.leave()

    def _decimal_error(self, signal: Exception, node: Node, frame: Frame) -> CalcError:
        if isinstance(signal, Overflow):
            error = limit_error(f"this is larger than decimals can be (limit: 1e{MAX_EXPONENT})")
        else:
            error = math_error("this has no value")
        error.locate(frame.source, node.span, frame.where)
        return error

    def _number(self, node: Node, frame: Frame) -> Number:
        return number(self._evaluate(node, frame))

    def _truth(self, node: Node, frame: Frame, what: str) -> bool:
        value = self._evaluate(node, frame)
        if not isinstance(value, bool):
            error = type_error(
                f"{what} needs true or false, such as x > 0, and this is {kind(value)}"
            )
            error.locate(frame.source, node.span, frame.where)
            raise error
        return value

    def _literal(self, node: Literal, _frame: Frame) -> Value:
        return node.value

    def _name(self, node: Name, frame: Frame) -> Value:
        name = node.name
        if name in frame.locals:
            return frame.locals[name]
        found = self._session.names.get(name)
        if found is not None:
            if isinstance(found, UserFunction):
                raise type_error(f"{name} is a function: call it as {found.signature}")
            return found
        if name == "ans":
            if self._session.ans is None:
                raise CalcError("NameError", "there is no result yet that ans could be")
            return self._session.ans
        if name in CONSTANTS:
            return CONSTANTS[name].value()
        if name in FUNCTIONS:
            raise type_error(f"{name} is a function: call it as {FUNCTIONS[name].signature}")
        raise self._unknown(name, frame)

    def _unknown(self, name: str, frame: Frame) -> CalcError:
        known = [*frame.locals, *self._session.names, *known_names(), "ans"]
        near = difflib.get_close_matches(name[:40], known, n=1, cutoff=0.75)
        hint = f"; did you mean {near[0]}?" if near else ""
        return CalcError("NameError", f"{name} is not defined{hint}")

    def _prefix(self, node: Prefix, frame: Frame) -> Value:
        if node.operator == "not":
            return not self._truth(node.operand, frame, "not")
        value = self._evaluate(node.operand, frame)
        if isinstance(value, tuple):
            return tuple(self._sign(node.operator, item) for item in value)
        return self._sign(node.operator, number(value))

    def _sign(self, operator: str, value: Number) -> Number:
        if operator == "√":
            return square_root(value)
        return negate(value) if operator == "-" else value

    def _postfix(self, node: Postfix, frame: Frame) -> Value:
        value = self._number(node.operand, frame)
        if node.operator == "%":
            return divide(value, 100)
        if node.operator == "°":
            return divide(multiply(value, pi()), 180)
        self._meter.spend(gamma_work([value]))
        result = double_fact(integer(value)) if node.operator == "!!" else fact(real(value))
        self._operations.spend(result)
        return result

    def _binary(self, node: Binary, frame: Frame) -> Value:
        # 1 + 1 + 1 + ... nests to the left, as deeply as the text is long: walk it in a loop
        chain: list[Binary] = []
        first: Node = node
        while isinstance(first, Binary):
            chain.append(first)
            first = first.left
        value = self._evaluate(first, frame)
        for each in reversed(chain):
            right = self._evaluate(each.right, frame)
            try:
                if each.operator in ("+", "-") and _is_percent(each.right):
                    right = self._percentage(each, value, right)
                value = self._operations.operate(each.operator, value, right)
            except CalcError as error:
                error.locate(frame.source, each.span, frame.where)
                raise
            except DecimalException as error:
                raise self._decimal_error(error, each, frame) from None
        return value

    def _percentage(self, node: Binary, value: Value, percent: Value) -> Value:
        """``200 + 10%`` adds ten per cent of 200; ``5% + 10%`` just adds."""
        if _is_percent(node.left):
            return percent
        return self._operations.operate("*", value, percent)

    def _comparison(self, node: Comparison, frame: Frame) -> Value:
        left = self._evaluate(node.first, frame)
        for sign, operand in node.rest:
            right = self._evaluate(operand, frame)
            if not holds(sign, left, right):
                return False
            left = right
        return True

    def _logic(self, node: Logic, frame: Frame) -> Value:
        stops_at = node.operator == "or"
        for operand in node.operands:
            if self._truth(operand, frame, node.operator) is stops_at:
                return stops_at
        return not stops_at

    def _items(self, node: Items, frame: Frame) -> Value:
        return tuple(self._number(item, frame) for item in node.items)

    # calls

    def _call(self, node: Call, frame: Frame) -> Value:
        found = frame.locals.get(node.name, self._session.names.get(node.name))
        if isinstance(found, UserFunction):
            return self._call_own(found, node, frame)
        if found is not None:
            raise self._no_function(node.name, kind(found))
        if node.name in self._forms:
            return self._forms[node.name](node, frame)
        function = FUNCTIONS.get(node.name)
        if function is None:
            if node.name in CONSTANTS or node.name == "ans":
                raise self._no_function(node.name, "a number")
            raise self._unknown(node.name, frame)
        arguments: Sequence[Value] = [self._evaluate(each, frame) for each in node.arguments]
        self._meter.spend(function.work(arguments))
        self._operations.spend(*arguments)
        result = function.call(arguments)
        self._operations.spend(result)
        return result

    def _no_function(self, name: str, what: str) -> CalcError:
        return type_error(f"{name} is {what}, not a function; to multiply, write {name}*(...)")

    def _call_own(self, function: UserFunction, node: Call, frame: Frame) -> Value:
        expected = len(function.parameters)
        if len(node.arguments) != expected:
            raise type_error(
                f"{function.signature} takes {expected} argument{'s' * (expected != 1)},"
                f" not {len(node.arguments)}"
            )
        values: dict[str, Value] = {}
        for name, argument in zip(function.parameters, node.arguments):
            values[name] = self._evaluate(argument, frame)
        try:
            return self._evaluate(function.body, Frame(function.source, function.signature, values))
        except CalcError as error:
            error.called_from(frame.source, node.span, frame.where)
            raise

    # forms: the arguments are evaluated when they are needed

    def _if(self, node: Call, frame: Frame) -> Value:
        FUNCTIONS["if"].check_count(len(node.arguments))
        condition, then, otherwise = node.arguments
        chosen = then if self._truth(condition, frame, "if") else otherwise
        return self._evaluate(chosen, frame)

    def _sum(self, node: Call, frame: Frame) -> Value:
        return self._fold(node, frame, "+", 0)

    def _product(self, node: Call, frame: Frame) -> Value:
        return self._fold(node, frame, "*", 1)

    def _fold(self, node: Call, frame: Frame, operator: str, start: int) -> Value:
        result: Value = start
        if self._is_range(node, frame):
            for value in self._terms(node, frame, MAX_TERMS):
                result = self._operations.operate(operator, result, value)
            return result
        values = [self._evaluate(each, frame) for each in node.arguments]
        if not values:
            raise type_error(f"{node.name} needs numbers: {FUNCTIONS[node.name].signature}")
        items = values[0] if len(values) == 1 and isinstance(values[0], tuple) else values
        for value in items:
            result = self._operations.operate(operator, result, value)
        return result

    def _list(self, node: Call, frame: Frame) -> Value:
        FUNCTIONS["list"].check_count(len(node.arguments))
        if not isinstance(node.arguments[0], Name):
            raise type_error("the first argument of list is the name that runs: list(k, 1, 5, k^2)")
        items = self._terms(node, frame, MAX_ITEMS)
        return tuple(number(each) for each in items)

    def _is_range(self, node: Call, frame: Frame) -> bool:
        """Tell ``sum(k, 1, 10, k^2)`` from the sum of four variables."""
        if len(node.arguments) != 4 or not isinstance(node.arguments[0], Name):
            return False
        name = node.arguments[0].name
        defined = name in frame.locals or name in self._session.names
        return not defined or _mentions(node.arguments[3], name)

    def _terms(self, node: Call, frame: Frame, most: int) -> Iterator[Value]:
        """Give the values of the last argument for each integer of the range, one by one."""
        index, begin, end, term = node.arguments
        assert isinstance(index, Name)
        first = integer(self._evaluate(begin, frame))
        last = integer(self._evaluate(end, frame))
        if last - first >= most:
            raise limit_error(
                f"{node.name} would have {_count(last - first + 1)} terms (limit: {most:,})"
            )
        inner = Frame(frame.source, frame.where, dict(frame.locals))
        for value in range(first, last + 1):
            inner.locals[index.name] = value
            yield self._evaluate(term, inner)

    def _approx(self, node: Call, frame: Frame) -> Value:
        FUNCTIONS["approx"].check_count(len(node.arguments))
        digits = 10
        if len(node.arguments) > 1:
            digits = integer(self._evaluate(node.arguments[1], frame))
        if not 1 <= digits <= MAX_PRECISION:
            raise limit_error(f"approx gives 1 to {MAX_PRECISION:,} digits")
        with localcontext(context(max(digits, 28))):
            value = self._number(node.arguments[0], frame)
            with localcontext() as shown:
                shown.prec = digits
                return by_parts(value, lambda part: FullDecimal(+decimal(part)))


def _count(number_of: int) -> str:
    return f"{number_of:,}" if number_of < 10**15 else "more than 10^15"


def _is_percent(node: Node) -> bool:
    if isinstance(node, Prefix) and node.operator in "+-":
        node = node.operand
    return isinstance(node, Postfix) and node.operator == "%"


def _mentions(node: Node, name: str) -> bool:
    waiting: list[object] = [node]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Name) and each.name == name:
            return True
        if isinstance(each, tuple) and not isinstance(each, Literal):
            waiting.extend(part for part in each if isinstance(part, tuple))
    return False
