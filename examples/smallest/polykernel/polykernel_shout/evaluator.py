from polykernel.evaluator import Evaluator


class Shout(Evaluator):
    def execute(self, code, cell):
        return code.upper()
