// The verdicts of AWS's event-ruler: a case a line in, a verdict a line out.

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import software.amazon.event.ruler.Machine;

public class Patterns {
    private static String verdict(JsonNode pair) {
        String pattern = pair.get("pattern").asText();

        try {
            Machine machine = new Machine();

            machine.addRule("rule", pattern);
            return machine.rulesForJSONEvent(pair.get("event").asText()).isEmpty()
                    ? "no match"
                    : "match";
        } catch (Exception refused) {
            return "error: " + String.valueOf(refused.getMessage()).replace('\n', ' ');
        }
    }

    public static void main(String[] arguments) throws Exception {
        ObjectMapper mapper = new ObjectMapper();
        BufferedReader lines =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);

        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            out.println(verdict(mapper.readTree(line)));
        }
        out.flush();
    }
}
